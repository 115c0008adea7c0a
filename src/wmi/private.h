/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/* private - what the files of wmi share */
#include "cim/wbem.h"
#include "wmi/args.h"
#include "wmi/failure.h"
#include "wmi/ids.h"
#include "cim/namespace.h"
#include "wmi/source.h"
#include "wmi/wmi.h"

/* [MS-WMI] 2.2.4 and the tables of 3.1.4.3: lFlags */
enum wmi_flag {
        WMI_UPDATE_ONLY = 1, WMI_CREATE_ONLY = 2, WMI_SHALLOW = 1, WMI_PROTOTYPE_FLAG = 2, WMI_RETURN_IMMEDIATELY = 0x10,
        WMI_FORWARD_ONLY = 0x20, WMI_NO_ERROR_OBJECT = 0x40, WMI_SEND_STATUS = 0x80, WMI_ENSURE_LOCATABLE = 0x100,
        WMI_DIRECT_READ = 0x200, WMI_USE_AMENDED = 0x20000,
};
#define WMI_INFINITE 0xffffffffU
enum { WMI_SINKS_MAX = 10000, WMI_ENUMS_MAX = 20000, WMI_NAME = 64 };

struct wmi {
        struct wmi_opts o;
        struct wmio_images *images;
        struct dcom_factory factory;
        char server[WMI_NAME];
        char ns_names[CIM_NS_MAX_][32];
        struct wmio_decoration decorations[CIM_NS_MAX_];
        struct list woken;              /* struct wmi_source, to be told that they are ready */
        struct loop_soon *soon;
        struct list sinks;              /* struct wmi_sink, of asynchronous calls */
        size_t n_sinks, n_enums;
        struct dcom_remotes *remotes;
};

/* ---- services.c ---- */
struct wmi_services {
        struct dcom_object object;
        struct wmi *wmi;
        enum cim_namespace ns;
};
extern const struct dcom_interface wmi_services_interface;
MUST int wmi_services_new(struct wmi_services **out, struct wmi *w, enum cim_namespace ns, const struct dcom_call *c);

/* login.c */
extern const struct dcom_interface wmi_login_interface, wmi_client_id_interface;
uint32_t wmi_login_create(void *ctx, struct dcom_call *c, struct dcom_object **out);
/* Who calls, with the role it has now. 0, or an HRESULT: no such account. */
uint32_t wmi_caller(const struct wmi *w, const struct dcom_call *c, struct provider_caller *out);

/* ---- enumerator.c ---- */
extern const struct dcom_interface wmi_enum_interface, wmi_fetch_interface, wmi_smart_interface;
/*
 * Answers @c with an enumerator over @s (consumed), or fails it.
 * @at_once: now; else when the first row, the end or a failure is there.
 */
void wmi_answer_enum(struct dcom_call *c, struct wmi_source *s, bool forward_only, bool at_once);

/* ---- operation.c: one result, for whoever waits for it ---- */
extern const struct dcom_interface wmi_result_interface;
struct wmi_sink;
struct wmi_reply {                      /* who waits */
        struct wmi *wmi;
        enum cim_namespace ns;
        const char *operation;          /* "GetObject" */
        struct dcom_call *call;         /* synchronous: answered at the end. NULL: answered already */
        struct wmi_result *result;      /* semisynchronous */
        struct wmi_sink *sink;          /* asynchronous */
        bool has_object;                /* there is an out parameter before ppCallResult */
        bool wants_object, wants_result;
        bool result_too;                /* a synchronous call that wants a result gets one, besides its answer */
};
struct wmi_outcome {
        struct str objref;              /* of the object, or of IWbemServices; p NULL: none */
        struct dcom_object *services;   /* OpenNamespace: instead of objref; one reference, consumed */
        struct str path;                /* PutInstance; p NULL: none */
};
enum wmi_form { WMI_FORM_SYNC, WMI_FORM_ASYNC };
/*
 * Reads what ends every method with one result: [in, out] object, [in, out] result; or the sink.
 * Answers the call at once where it is semisynchronous or asynchronous.  False: it was ended (the flags, a broken stub,
 * a sink that is none).
 */
MUST bool wmi_reply_begin(struct wmi_reply *r, struct wmi_services *s, struct dcom_call *c, enum wmi_form form,
                          uint32_t flags, uint32_t allowed);
/* Once. @o is borrowed. */
void wmi_reply_done(struct wmi_reply *r, const struct wmi_outcome *o, const struct wmi_failure *f);

/* ---- sink.c ---- */
/* The client's sink of an asynchronous call, from its OBJREF. NULL: fails @f. */
struct wmi_sink *wmi_sink_new(struct wmi *w, enum cim_namespace ns, const char *operation, struct str objref,
                              const struct dcom_call *c, struct wmi_failure *f);
void wmi_sinks_free(struct wmi *w);     /* without a word */
/* Rows of a source (consumed) until its end; then SetStatus. */
void wmi_sink_feed(struct wmi_sink *k, struct wmi_source *s);
/* n OBJREFs, one behind the other, each ending where @ends (u32s) says; copied. */
void wmi_sink_indicate(struct wmi_sink *k, struct str objrefs, struct str ends);
/* One object (p NULL: none), then SetStatus; the call is over. */
void wmi_sink_finish(struct wmi_sink *k, struct str objref, struct str text, const struct wmi_failure *f);
/* Those with this OXID and OID: how many were cancelled. */
size_t wmi_sink_cancel(struct wmi *w, struct str objref, const struct rpc_caller *who);

/* ---- methods of IWbemServices, by file ---- */
void wmi_open_namespace(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);       /* services.c */
void wmi_get_object(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);           /* get.c */
void wmi_put_instance(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);         /* put.c */
void wmi_delete_instance(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);
void wmi_exec_method(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);          /* method.c */
void wmi_class_enum(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);           /* query.c */
void wmi_instance_enum(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);
void wmi_exec_query(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);
void wmi_exec_notification_query(struct wmi_services *s, struct dcom_call *c, enum wmi_form form);

/* ---- result.c: IWbemCallResult ---- */
/* NULL: out of memory. The caller's reference is one that wmi_result_done() takes. */
struct wmi_result *wmi_result_new(struct dcom_call *c, const struct wmi_reply *r);
MUST int wmi_result_answer(struct wmi_result *r, struct dcom_call *c);  /* an interface pointer to it */
void wmi_result_done(struct wmi_result *r, const struct wmi_outcome *o, const struct wmi_failure *f);

/* ---- requests of the provider with one result: request.c ---- */
struct wmi_request {
        struct provider_request q;      /* q.arena holds all of it */
        struct wmi_reply reply;
        struct wmi_failure failure;     /* parameter is set */
        void (*done)(struct wmi_request *r);    /* reads q, then wmi_request_end() */
        const void *detail;             /* of done() */
        const struct wmi_context *context;
};
/*
 * What was read into the arena of @c goes over to the request; the rest of the parameters is read, @c may be answered
 * and gone.  NULL: it was ended.  @context as wmi_take_context() gave it, @broken what it said.
 */
struct wmi_request *wmi_request_begin(struct wmi_services *s, struct dcom_call *c, const struct wmi_reply *reply,
                                      enum wmi_form form, uint32_t flags, uint32_t allowed, struct str parameter,
                                      const struct wmi_context *context, const struct err *broken);
void wmi_request_submit(struct wmi_request *r); /* the provider; then r->done() */
/* @o NULL: r->failure. */
void wmi_request_end(struct wmi_request *r, const struct wmi_outcome *o);
/* The object at a path, with its class shown by the namespace. 0; 1: the path is a class, *class_out; < 0 with @f. */
MUST int wmi_path(const struct wmi *w, enum cim_namespace ns, struct str text, struct arena *a,
                  const struct cim_class **class_out, struct cim_instance **keys_out, struct wmi_failure *f);

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once
/*
 * wmio - CIM classes and instances as DCOM carries them
 *
 * An instance travels with its class.  So what a class is on the wire is made
 * once, as an image: the bytes of its class part, and where in an instance each
 * property's value stands.  Encoding an instance is then a copy and the values.
 * wmio_images holds one of every class of the schema; whoever answers a query
 * with a property list, or a join, makes an image of his own for that query.
 *
 * Bytes are decoded to what they say (class.h), hostile ones too: every
 * offset, length and count is checked, nesting and total work are bounded, and an
 * error names the part and its place.  What came is then fitted to the schema's
 * class by wmio_to_instance() and wmio_to_arguments(): a client sends its own
 * idea of the class along, and it may be an older one.
 *
 * Threads: images are immutable, everything else is pure; any thread.
 * Source: [MS-WMIO] 2.2; [MS-WMI] 2.2.4 (OBJREF), 2.2.14 (ObjectArray).
 */
#include "base/err.h"
#include "wmio/class.h"

enum {
        WMIO_MAX_UNIT = 16 << 20,       /* bytes of an object */
        WMIO_MAX_DEPTH = 16,            /* objects within objects */
        WMIO_MAX_PROPERTIES = 4096, WMIO_MAX_QUALIFIERS = 512, WMIO_MAX_METHODS = 1024, WMIO_MAX_DERIVATION = 128,
};

/* ---- images ---- */

struct wmio_images;
struct wmio_image;
MUST int wmio_images_new(struct wmio_images **out, struct err *e);      /* of every class of the schema, not amended */
void wmio_images_free(struct wmio_images *all);
DEFINE_FREEP(struct wmio_images *, wmio_images_free)
/* NULL: it is none of the schema's. */
const struct wmio_image *wmio_images_get(const struct wmio_images *all, const struct cim_class *c);

struct wmio_image_opts {
        const struct cim_class *class;  /* must outlive the image */
        const bool *only;               /* properties to have, n_properties flags; NULL: all */
        bool amended;                   /* with Description, Values, BitValues */
};
/* @all  for the classes of embedded objects; must outlive the image */
MUST int wmio_image_new(struct wmio_image **out, const struct wmio_images *all, const struct wmio_image_opts *o,
                        struct err *e);
/* Of a method's __PARAMETERS: values as many as m->n_parameters, by ordinal; of out the ReturnValue behind them. */
MUST int wmio_image_new_parameters(struct wmio_image **out, const struct wmio_images *all, const struct cim_method *m,
                                   bool of_out, struct err *e);
void wmio_image_free(struct wmio_image *i);
DEFINE_FREEP(struct wmio_image *, wmio_image_free)
size_t wmio_image_n_values(const struct wmio_image *i); /* of an instance's values[] */

/*
 * wmio_generic_class - the class of a join's rows, or of a count's one row
 * Fields in the order of the row.  Lives in @a; NULL: it is full.
 */
struct wmio_field {
        struct str name;                /* alias, "Count", "Expr1" */
        enum cim_type type;
        bool array;
        const char *embedded;           /* CIM_OBJECT: the class; NULL: any */
};
const struct cim_class *wmio_generic_class(const struct wmio_field *fields, size_t n, struct arena *a);

/* ---- encoding ---- */

/* What __SERVER, __NAMESPACE and so __PATH are made of; [MS-WMIO] 2.2.7. */
struct wmio_decoration {
        struct str server;              /* "SITESRV" */
        struct str ns;                  /* "ROOT\SMS\site_P01" */
};

enum wmio_frame {
        WMIO_BLOCK,                     /* ObjectBlock alone: within another object, within an ObjectArray */
        WMIO_UNIT,                      /* EncodingUnit: signature, length, ObjectBlock */
        WMIO_OBJREF,                    /* OBJREF_CUSTOM of IWbemClassObject around that, [MS-DCOM] 2.2.18.6 */
};

struct wmio_object {
        const struct wmio_image *image;
        const struct cim_value *values; /* wmio_image_n_values(), by ordinal; what the image has not is passed over */
        /* Embedded objects that are no JSON text, by ordinal: events, joins.  NULL, or NULL entries: values[] is it. */
        const struct wmio_object *const *objects;
};

/*
 * wmio_encode_instance, wmio_encode_class - append to @out
 * @d  NULL: undecorated.  Objects within are decorated alike, those of JSON text never.
 * A failure leaves @out as it was: ERR_TOO_LARGE when it passes @out's limit or WMIO_MAX_UNIT, ERR_INVALID when an
 * embedded text is no object of a known class.
 */
MUST int wmio_encode_instance(const struct wmio_object *o, const struct wmio_decoration *d, enum wmio_frame frame,
                              struct buf *out, struct err *e);
enum { WMIO_PROTOTYPE = 0x10, WMIO_KEY_MISSING = 0x40 };        /* [MS-WMIO] 2.2.6, for WBEM_FLAG_PROTOTYPE */
MUST int wmio_encode_class(const struct wmio_image *i, const struct wmio_decoration *d, unsigned flags,
                           enum wmio_frame frame, struct buf *out, struct err *e);

/* ---- ObjectArray: IWbemWCOSmartEnum::Next, and Indicate after WBEM_S_NEW_STYLE; [MS-WMI] 2.2.14 ---- */

enum wmio_packet_type { WMIO_INDICATE = 0, WMIO_NEXT = 1 };

/* Which classes a receiver has already; one per proxy GUID of a smart enumerator. */
struct wmio_sent {
        const struct wmio_image **images;       /* must live as long */
        size_t n, cap;
        uint8_t base[16];                       /* class ids are made of it */
};
void wmio_sent_init(struct wmio_sent *s, const uint8_t random[16]);
void wmio_sent_fini(struct wmio_sent *s);

struct wmio_packet {
        struct buf *out;
        size_t at;                      /* where it begins in out */
        uint32_t n_objects;
        struct wmio_sent *sent;         /* NULL: every instance with its class */
};
void wmio_packet_begin(struct wmio_packet *p, enum wmio_packet_type type, struct wmio_sent *sent, struct buf *out);
/* A failure leaves the packet as it was. */
MUST int wmio_packet_instance(struct wmio_packet *p, const struct wmio_object *o, const struct wmio_decoration *d,
                              struct err *e);
MUST int wmio_packet_class(struct wmio_packet *p, const struct wmio_image *i, const struct wmio_decoration *d,
                           struct err *e);
MUST int wmio_packet_end(struct wmio_packet *p, struct err *e);         /* writes the lengths */

/* ---- decoding ---- */

struct wmio_decoded;
struct wmio_slot {
        bool from_class;                /* what the class says: its default or NULL */
        struct cim_value value;         /* of CIM_OBJECT only null and array.n are set */
        struct wmio_decoded **objects;  /* CIM_OBJECT: one, or array.n of them */
        const struct wmio_qualifier *qualifiers;        /* of this instance's property */
        size_t n_qualifiers;
};
struct wmio_decoded {
        uint8_t flags;                  /* [MS-WMIO] 2.2.6 */
        bool is_class;
        struct str server, ns;          /* p NULL: undecorated */
        const struct wmio_class *class;
        const struct wmio_class *parent;        /* of a class; NULL: it is a root */
        /* of an instance */
        struct wmio_slot *slots;        /* class->n_properties of them */
        const struct wmio_qualifier *qualifiers;
        size_t n_qualifiers;
};

/* The EncodingUnit within an OBJREF_CUSTOM of IWbemClassObject. ERR_INVALID: it is none. */
MUST int wmio_objref_unit(struct str objref, struct str *unit_out, struct err *e);
/* @bytes must live as long as @out. All failures are ERR_INVALID, ERR_TOO_LARGE, ERR_NOT_SUPPORTED or ERR_NOMEM. */
MUST int wmio_decode(struct str unit, struct arena *a, struct wmio_decoded **out, struct err *e);
MUST int wmio_decode_block(struct str block, struct arena *a, struct wmio_decoded **out, struct err *e);
/* Of EncodingUnitInstanceNoClass, whose class came earlier. */
MUST int wmio_decode_no_class(struct str block, const struct wmio_class *c, struct arena *a, struct wmio_decoded **out,
                              struct err *e);

/*
 * wmio_to_instance - an instance that came, as one of the schema's class of that name
 * given[] are the properties whose values came (NULL too), not those left as the class has them.  Unknown class
 * or property (ERR_NOT_FOUND, ERR_INVALID), other types: an error that names it; widths of integers may differ when the
 * value fits.  Limits of properties are the writer's to check.
 */
MUST int wmio_to_instance(const struct wmio_decoded *d, struct arena *a, struct cim_instance **out, struct err *e);
/* In parameters as values of m->parameters; @args has n_parameters of them, all NULL before. @d NULL: none came. */
MUST int wmio_to_arguments(const struct wmio_decoded *d, const struct cim_class *c, const struct cim_method *m,
                           struct arena *a, struct cim_value *args, struct err *e);

/* The objects of an ObjectArray, in order, for receivers and tests. */
struct wmio_received {                  /* classes that came, by id; init with {0} and the arena they live in */
        struct arena *a;
        struct wmio_received_class {
                uint8_t id[16];
                const struct wmio_class *class;
                struct wmio_received_class *next;
        } *classes;
};
MUST int wmio_packet_decode(struct str packet, enum wmio_packet_type type, struct wmio_received *r,
                            struct wmio_decoded ***objects_out, size_t *n_out, struct err *e);

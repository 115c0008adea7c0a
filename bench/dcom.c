/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dcom - a WQL query over DCOM, as often as is asked for: rows a second, and the client's CPU
 *
 *      dcom HOST USER PASSWORD-FILE NAMESPACE LEVEL next|smart PAGE RUNS QUERY
 *
 *      next    IEnumWbemClassObject::Next, PAGE objects a call, each with its class
 *      smart   IWbemWCOSmartEnum::Next, PAGE objects a call, the class once (PowerShell, C#)
 *
 * Every object is decoded.  One login, then RUNS times the query; prints one JSON object.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "base/arena.h"
#include "lib/wmi_client.h"
#include "ntlm/ntlm.h"
#include "os/os.h"
#include "wmi/ids.h"
#include "wmio/wmio.h"

enum { INFINITE = 0xffffffff, PASSWORD_MAX = 1000 };

static struct {
        struct wmi_client_opts o;
        const char *query;
        bool smart;
        uint32_t page;
        int runs;
        struct uuid enumerator;
        struct wmio_received received;  /* the class, of smart answers */
        struct arena classes;
        uint64_t rows, octets;
        int64_t start_us;
        double client_s;                /* CPU at the start */
} b;

_Noreturn static void die(const char *what, uint32_t hr)
{
        (void)fprintf(stderr, "dcom: %s (0x%08x)\n", what, hr);
        exit(1);
}

static double client_cpu(void)
{
        struct rusage u;

        (void)getrusage(RUSAGE_SELF, &u);
        return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) + (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

static void finish(void)
{
        double seconds = (double)(os_mono_us() - b.start_us) / 1e6;

        (void)printf("{\"rows\":%" PRIu64 ",\"octets\":%" PRIu64 ",\"seconds\":%.6f,\"client_cpu\":%.6f}\n",
                     b.rows, b.octets, seconds, client_cpu() - b.client_s);
        loop_stop(b.o.loop);
}

/* ---- rows ---- */

static void take_each(struct ndr_in *in)
{
        uint32_t n = wmi_client_objects(in);

        for (uint32_t i = 0; i < n; i++) {
                struct str objref = dcom_interface_body_read(in), unit;
                struct wmio_decoded *d;
                struct err e = { 0 };
                struct arena a;

                arena_init(&a, 0);
                if (!ndr_in_ok(in) || wmio_objref_unit(objref, &unit, &e) < 0 || wmio_decode(unit, &a, &d, &e) < 0)
                        die("an object cannot be read", 0);
                arena_fini(&a);
                b.octets += objref.n;
        }
        b.rows += n;
}

static void take_packet(struct ndr_in *in)
{
        struct wmio_decoded **objects;
        struct err e = { 0 };
        uint32_t said;
        size_t n = 0;
        struct str packet = wmi_client_packet(in, &said);

        if (!packet.n)
                return;
        if (wmio_packet_decode(packet, WMIO_NEXT, &b.received, &objects, &n, &e) < 0 || n != said)
                die("a packet cannot be read", 0);
        b.octets += packet.n;
        b.rows += n;
}

static void ask(struct wmi_client *c);
static void begin(struct wmi_client *c);

static void came(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        struct ndr_in in = a->in;

        (void)arg;
        if (a->why || a->hr > 1)
                die(a->why ? a->why : "Next failed", a->hr);
        if (b.smart)
                take_packet(&in);
        else
                take_each(&in);
        if (a->hr == 0)
                ask(c);
        else if (--b.runs)
                begin(c);
        else
                finish();
}

static void ask(struct wmi_client *c)
{
        int r = b.smart ? wmi_client_smart_next(c, &b.enumerator, INFINITE, b.page, came, NULL) :
                          wmi_client_next(c, &b.enumerator, INFINITE, b.page, came, NULL);

        if (r < 0)
                die("Next cannot be sent", 0);
}

/* ---- beginning ---- */

static void got_smart(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        (void)arg;
        if (a->why || a->hr || wmi_client_take_interface(a, &b.enumerator) < 0)
                die(a->why ? a->why : "GetSmartEnum failed", a->hr);
        ask(c);
}

static void got_fetch(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        struct uuid fetch;

        (void)arg;
        if (a->why || wmi_client_take_queried(a, &fetch) < 0)
                die(a->why ? a->why : "RemQueryInterface failed", a->hr);
        if (wmi_client_fetch_smart(c, &fetch, got_smart, NULL) < 0)
                die("GetSmartEnum cannot be sent", 0);
}

static void queried(void *arg, struct wmi_client *c, const struct wmi_client_answer *a)
{
        (void)arg;
        if (a->why || a->hr || wmi_client_take_interface(a, &b.enumerator) < 0)
                die(a->why ? a->why : "ExecQuery failed", a->hr);
        if (!b.smart)
                ask(c);
        else if (wmi_client_interface(c, &b.enumerator, &wmi_iid_fetch_smart_enum, got_fetch, NULL) < 0)
                die("RemQueryInterface cannot be sent", 0);
}

static void begin(struct wmi_client *c)
{
        arena_fini(&b.classes);
        arena_init(&b.classes, 0);
        b.received = (struct wmio_received){ .a = &b.classes };
        if (wmi_client_query(c, false, b.query, queried, NULL) < 0)
                die("ExecQuery cannot be sent", 0);
}

static void ready(void *arg, struct wmi_client *c, const char *why)
{
        (void)arg;
        if (why)
                die(why, 0);
        b.client_s = client_cpu();
        b.start_us = os_mono_us();
        begin(c);
}

static void read_password(const char *path)
{
        struct err e = { 0 };
        char *text = NULL;
        size_t n = 0;

        if (os_read_file(AT_FDCWD, path, PASSWORD_MAX, &text, &n, &e) < 0)
                die(e.text, 0);
        ntlm_hash(str_trim((struct str){ text, n }), b.o.account.nt_hash);
        free(text);
}

int main(int argc, char **argv)
{
        struct wmi_client *c;

        if (argc != 10) {
                (void)fprintf(stderr, "usage: dcom HOST USER PASSWORD-FILE NAMESPACE LEVEL next|smart PAGE RUNS QUERY\n");
                return 2;
        }
        b.o = (struct wmi_client_opts){ .host = argv[1], .account.user = str_of(argv[2]), .ns = argv[4], .ready = ready,
                                        .level = (enum rpc_level)atoi(argv[5]) };
        read_password(argv[3]);
        b.smart = strcmp(argv[6], "smart") == 0;
        b.page = (uint32_t)atoi(argv[7]);
        b.runs = atoi(argv[8]);
        b.query = argv[9];
        arena_init(&b.classes, 0);
        if (loop_new(&b.o.loop) < 0 || wmi_client_new(&c, &b.o) < 0)
                return 1;
        loop_run(b.o.loop);
        wmi_client_free(c);
        arena_fini(&b.classes);
        loop_free(b.o.loop);
        return 0;
}

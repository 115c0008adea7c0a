/* SPDX-License-Identifier: Apache-2.0 */
/* What went wrong, as a kind and in words a person can act on. */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <string.h>
#include "fetch/internal.h"

/* "127.0.0.1:8443" of the request's address. */
static void host_port(struct fetch *f, char *out, size_t cap)
{
        char *url = NULL, *host = NULL, *port = NULL;
        CURLU *u = curl_url();

        curl_easy_getinfo(f->easy, CURLINFO_EFFECTIVE_URL, &url);
        if (!u || !url || curl_url_set(u, CURLUPART_URL, url, 0) != CURLUE_OK ||
            curl_url_get(u, CURLUPART_HOST, &host, 0) != CURLUE_OK ||
            curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) != CURLUE_OK)
                (void)snprintf(out, cap, "the server");
        else
                (void)snprintf(out, cap, "%s:%s", host, port);
        curl_free(host);
        curl_free(port);
        curl_url_cleanup(u);
}

static void explain_connect(struct fetch *f, const char *peer, struct err *e)
{
        long sys = 0;

        curl_easy_getinfo(f->easy, CURLINFO_OS_ERRNO, &sys);
        if (sys != 0)
                (void)err_set(e, ERR_UNAVAILABLE, "connect to %s: %s", peer, strerror((int)sys));
        else
                (void)err_set(e, ERR_UNAVAILABLE, "connect to %s: %s", peer, f->words);
        e->sys = (int)sys;
}

static void explain_verify(struct fetch *f, const char *peer, struct err *e)
{
        long result = X509_V_OK;

        curl_easy_getinfo(f->easy, CURLINFO_SSL_VERIFYRESULT, &result);
        switch (result) {
        case X509_V_ERR_CERT_NOT_YET_VALID:
                (void)err_set(e, ERR_DENIED, "the certificate of %s is not yet valid: is this machine's clock right?",
                              peer);
                break;
        case X509_V_ERR_CERT_HAS_EXPIRED:
                (void)err_set(e, ERR_DENIED, "the certificate of %s has expired: is this machine's clock right?", peer);
                break;
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
        case X509_V_ERR_CERT_SIGNATURE_FAILURE:
                (void)err_set(e, ERR_DENIED,
                              "the certificate of %s is not issued by the authority trusted here (%s): is it the right "
                              "server and the right CA file?",
                              peer, X509_verify_cert_error_string(result));
                break;
        case X509_V_OK:
                /* The chain is good, so it is the name, or the CA file could not be read. */
                (void)err_set(e, ERR_DENIED, "the certificate of %s: %s", peer, f->words);
                break;
        default:
                (void)err_set(e, ERR_DENIED, "the certificate of %s: %s", peer, X509_verify_cert_error_string(result));
                break;
        }
}

/* A broken handshake: a refusal when the other side sent an alert, else just a broken connection. */
static void explain_handshake(struct fetch *f, const char *peer, struct err *e)
{
        if (strstr(f->words, "alert"))
                (void)err_set(e, ERR_DENIED, "TLS with %s: the other side refused: %s", peer, f->words);
        else
                (void)err_set(e, ERR_UNAVAILABLE, "TLS with %s: %s", peer, f->words);
}

void fetch_explain(struct fetch *f, CURLcode code, struct err *e)
{
        char peer[300];
        const char *words = f->words[0] ? f->words : curl_easy_strerror(code);

        if (f->own.kind != ERR_NONE) {
                *e = f->own;
                return;
        }
        host_port(f, peer, sizeof(peer));
        switch (code) {
        case CURLE_COULDNT_CONNECT:
                explain_connect(f, peer, e);
                break;
        case CURLE_COULDNT_RESOLVE_HOST:
                (void)err_set(e, ERR_UNAVAILABLE, "find the address of %s: %s", peer, words);
                break;
        case CURLE_PEER_FAILED_VERIFICATION:
                explain_verify(f, peer, e);
                break;
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
                (void)err_set(e, ERR_DENIED, "TLS with %s: %s: check the certificate files", peer, words);
                break;
        case CURLE_SSL_CONNECT_ERROR:
                explain_handshake(f, peer, e);
                break;
        case CURLE_OPERATION_TIMEDOUT:
                (void)err_set(e, ERR_TIMEOUT, "%s does not answer: %s", peer, words);
                break;
        case CURLE_OUT_OF_MEMORY:
                (void)err_set(e, ERR_NOMEM, "out of memory while talking to %s", peer);
                break;
        case CURLE_URL_MALFORMAT:
                (void)err_set(e, ERR_INVALID, "the address is malformed: %s", words);
                break;
        case CURLE_GOT_NOTHING:
        case CURLE_PARTIAL_FILE:
        case CURLE_SEND_ERROR:
        case CURLE_RECV_ERROR:
                /* TLS 1.3 tells of a refused client certificate only after the handshake. */
                if (strstr(words, "alert")) {
                        explain_handshake(f, peer, e);
                        break;
                }
                (void)err_set(e, ERR_UNAVAILABLE, "the connection to %s broke: %s", peer, words);
                break;
        default:
                (void)err_set(e, ERR_UNAVAILABLE, "the request to %s failed: %s", peer, words);
                break;
        }
}

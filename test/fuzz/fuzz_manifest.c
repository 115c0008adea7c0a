/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes as a manifest: refused, or read to the end, searched, and consistent with what the check says. */
#include <stdlib.h>
#include "codec/manifest.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct manifest_cursor c, found;
        struct manifest_entry en, again;
        struct manifest m;
        struct err e = { 0 };
        uint64_t n = 0;
        bool sound;
        char text[40];
        int r;

        if (manifest_open(&m, data, size, &e) < 0)
                return 0;
        sound = manifest_check(&m, &e) == 0;
        manifest_first(&m, &c);
        while ((r = manifest_next(&c, &en, &e)) > 0) {
                manifest_path_text(en.path, text, sizeof(text));
                for (uint64_t i = 0; i < en.n_pieces && i < 3; i++) {
                        struct hash_id id;
                        uint32_t len;

                        manifest_piece(&m, en.first_piece + i, &id, &len);
                }
                err_clear(&e);
                r = manifest_find(&m, en.path, &found, &again, &e);
                if (sound && (r != 0 || again.first_piece != en.first_piece || again.type != en.type))
                        abort();
                n++;
        }
        if (sound && (r != 0 || n != m.n_entries))
                abort();
        return 0;
}

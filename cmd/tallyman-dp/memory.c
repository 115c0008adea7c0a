/* SPDX-License-Identifier: Apache-2.0 */
#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>
#include "memory.h"

void memory_tune(void)
{
        (void)mallopt(M_ARENA_MAX, 1);
        (void)mallopt(M_MMAP_THRESHOLD, 128 << 10);
        (void)mallopt(M_TRIM_THRESHOLD, 128 << 10);
        (void)mallopt(M_TOP_PAD, 64 << 10);
}

/* Segments that are never written are the file's own pages: dropping them loses nothing. */
static int drop_code(struct dl_phdr_info *info, size_t size, void *data)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

        for (size_t i = 0; i < info->dlpi_phnum; i++) {
                const ElfW(Phdr) *ph = &info->dlpi_phdr[i];
                uintptr_t from, to;

                if (ph->p_type != PT_LOAD || (ph->p_flags & PF_W))
                        continue;
                from = (info->dlpi_addr + ph->p_vaddr) & ~(page - 1);
                to = (info->dlpi_addr + ph->p_vaddr + ph->p_memsz + page - 1) & ~(page - 1);
                (void)madvise((void *)from, to - from, MADV_DONTNEED);
        }
        return 0;
}

void memory_trim(void)
{
        (void)malloc_trim(0);
        (void)dl_iterate_phdr(drop_code, NULL);
}

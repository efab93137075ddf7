/* SPDX-License-Identifier: MIT */
/*
 * Core: an ELF64 core file of a domain's memory, written as the pages come.
 *
 *   offset 0       ELF header, ET_CORE, EM_X86_64
 *   4096 + p*4096  page of pseudo-physical frame p; frames that the domain has not, and pages of
 *                  zeros, are holes
 *   end            notes, then program headers: one PT_NOTE, one PT_LOAD for each run of frames
 *
 * p_paddr (and p_vaddr) are pseudo-physical addresses. Notes: for each vCPU an NT_PRSTATUS of owner
 * "CORE", as debuggers expect it, and CORE_NOTE_VCPU of owner "Lamina"; one CORE_NOTE_DOMAIN.
 */
#ifndef LAMINA_LAMINAD_CORE_H
#define LAMINA_LAMINAD_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "public/xen.h"

#define CORE_PAGE_SIZE 4096u

#define CORE_NOTE_OWNER  "Lamina"
#define CORE_NOTE_DOMAIN 1u /* struct core_domain */
#define CORE_NOTE_VCPU   2u /* struct vcpu_guest_context, control registers and all */

struct core_domain {
    uint32_t domid;
    uint32_t reason; /* SHUTDOWN_* */
    uint32_t nr_vcpus;
    uint32_t pad;
    uint8_t uuid[16];
    uint64_t nr_pages; /* in the file */
};

struct core {
    int fd;
    uint64_t nr_frames; /* pseudo-physical frames that can be told apart */
    uint64_t nr_pages;  /* written up to now */
    uint8_t *present;   /* bitmap of frames */
    uint8_t *notes;
    size_t notes_size;
};

/* fd is an empty file. 0, or a negative errno value; core_free() in every case. */
int core_begin(struct core *core, int fd, uint64_t nr_frames) __attribute__((warn_unused_result));

/* A frame beyond nr_frames, or that was written before, is left out. */
int core_add_page(struct core *core, uint64_t frame, const void *page)
    __attribute__((warn_unused_result));

int core_add_vcpu(struct core *core, unsigned vcpu, const struct vcpu_guest_context *context)
    __attribute__((warn_unused_result));

/* Completes the file; nr_pages of domain is filled in. */
int core_finish(struct core *core, const struct core_domain *domain)
    __attribute__((warn_unused_result));

void core_free(struct core *core); /* fd stays open */

#endif

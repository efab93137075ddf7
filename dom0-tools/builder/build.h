/* SPDX-License-Identifier: MIT */
/* A domain under construction: shared by the files of builder/ only. */
#ifndef LAMINA_BUILDER_BUILD_H
#define LAMINA_BUILDER_BUILD_H

#include "builder/builder.h"
#include "builder/kernel.h"

struct build {
    const struct build_request *request;
    struct failure *failure;
    struct kernel kernel;
    int initrd; /* descriptor, or -1 */
    struct pv_layout at;
    uint64_t *p2m;         /* machine frame of each pseudo-physical one */
    uint64_t shared_info;  /* machine frame */
};

/* What a domain is to be made of: files and layout. Nothing of the domain is looked at. */
int build_plan(struct build *build, const char *kernel, const char *initrd, uint64_t memory_kib,
               struct failure *failure) __attribute__((warn_unused_result));
void build_plan_free(struct build *build);

/* The steps, in this order: memory.c, fill.c, start.c. */
int build_memory(struct build *build) __attribute__((warn_unused_result));
int build_fill(struct build *build) __attribute__((warn_unused_result));
int build_start(struct build *build) __attribute__((warn_unused_result));

/* Everything that a kernel finds in its start info page. */
void build_start_info(const struct build *build, struct start_info *info);
/* The first state of vCPU 0. */
void build_context(const struct build *build, struct vcpu_guest_context *context);

#endif

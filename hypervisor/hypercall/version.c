/* SPDX-License-Identifier: MIT */
/*
 * xen_version: what this hypervisor says of itself. Strings go out in buffers of the ABI's length,
 * zero to the end. XENVER_version is the call that kernels make only to have events delivered: it
 * does nothing at all.
 */
#include "hypercall/publish.h"
#include "hypercall/target.h"
#include "hypercall_handlers.h"
#include "lib/bits.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "mm/guest.h"

#define EXTRAVERSION  ".0-lamina"
#define CAPABILITIES  "xen-3.0-x86_64"
#define UNKNOWN       "unavailable" /* what the ABI's callers know for "no such record" */

static_assert(sizeof(EXTRAVERSION) <= XEN_EXTRAVERSION_LEN, "must fit with its zero byte");

/* --- set at boot only --- */
static xen_commandline_t command_line;

void command_line_publish(const char *text)
{
    (void)string_copy(command_line, sizeof(command_line), text);
}

long hc_version_extraversion(guest_ptr_t text)
{
    const xen_extraversion_t answer = EXTRAVERSION;

    return copy_to_guest(text, answer, sizeof(answer));
}

/* Who built it and when is left out: the same source shall give the same image. */
long hc_version_compile_info(struct xen_compile_info *op)
{
    static const struct xen_compile_info answer = { .compiler = __VERSION__,
                                                    .compile_by = UNKNOWN,
                                                    .compile_domain = UNKNOWN,
                                                    .compile_date = UNKNOWN };

    static_assert(sizeof(__VERSION__) <= sizeof(answer.compiler), "must fit with its zero byte");
    *op = answer;
    return 0;
}

long hc_version_capabilities(guest_ptr_t text)
{
    static const xen_capabilities_info_t answer = CAPABILITIES;

    return copy_to_guest(text, answer, sizeof(answer));
}

long hc_version_changeset(guest_ptr_t text)
{
    const xen_changeset_info_t answer = UNKNOWN;

    return copy_to_guest(text, answer, sizeof(answer));
}

long hc_version_platform_parameters(struct xen_platform_parameters *op)
{
    op->virt_start = HYPERVISOR_VIRT_START;
    return 0;
}

long hc_version_get_features(struct xen_feature_info *op)
{
    const struct domain *d = current->domain;
    uint64_t bits = BIT(XENFEAT_mmu_pt_update_preserve_ad) | BIT(XENFEAT_highmem_assist) |
                    BIT(XENFEAT_gnttab_map_avail_bits) | BIT(XENFEAT_direct_mapped);

    if (op->submap_idx >= XENFEAT_NR_SUBMAPS)
        return -EINVAL;
    if (d->is_control)
        bits |= BIT(XENFEAT_dom0);
    if (READ_ONCE(d->vm_assist) & 1u << VMASST_TYPE_pae_extended_cr3)
        bits |= BIT(XENFEAT_pae_pgdir_above_4gb);
    op->submap = (uint32_t)bits;
    return 0;
}

/* The options may say more of the machine than a guest needs to know. */
long hc_version_commandline(guest_ptr_t text)
{
    static const xen_commandline_t denied = "<denied>";
    bool may_see = current->domain->is_control;

    return copy_to_guest(text, may_see ? command_line : denied, sizeof(denied));
}

/* SPDX-License-Identifier: MIT */
/*
 * CPUID leaves, feature words and MSRs as tools see them: of the machine, and of PV guests. What a
 * guest sees is decided in pv/cpuid.c alone; a tool can look, and ask whether what it plans fits.
 */
#include "hypercall/cpu_policy.h"
#include "core/domain.h"
#include "hypercall_handlers.h"
#include "lib/errno.h"
#include "mm/guest.h"
#include "pv/guest_cpu.h"

#define LEAVES_MAX        128  /* of all that is listed below, with some to spare */
#define BASIC_LAST        0xdu /* the highest leaf that tools take, */
#define EXTENDED_LAST     0x21u /* ... and that from EXTENDED on */
#define MSRS_MAX          1
#define MSR_PLATFORM_INFO 0xce
#define EXTENDED          0x80000000u

/* Which register of which leaf a feature word is, in the ABI's order. */
static const struct {
    uint32_t leaf;
    uint8_t subleaf, reg; /* eax ebx ecx edx */
} words[] = {
    { 1, 0, 3 },           { 1, 0, 2 },           { EXTENDED + 1, 0, 3 }, { EXTENDED + 1, 0, 2 },
    { 0xd, 1, 0 },         { 7, 0, 1 },           { 7, 0, 2 },            { EXTENDED + 7, 0, 3 },
    { EXTENDED + 8, 0, 1 }, { 7, 0, 3 },          { 7, 1, 0 },            { EXTENDED + 0x21, 0, 0 },
    { 7, 1, 1 },
};

static void cpuid_of(enum cpu_policy of, uint32_t leaf, uint32_t subleaf, uint32_t out[4])
{
    if (of == CPU_OF_MACHINE)
        machine_cpuid(leaf, subleaf, out);
    else
        cpuid_policy(of == CPU_OF_DOM0 ? control_domain : NULL, leaf, subleaf, out);
}

uint32_t cpu_feature_word(enum cpu_policy of, unsigned i)
{
    uint32_t max[4], out[4];

    cpuid_of(of, words[i].leaf & EXTENDED, 0, max);
    if (words[i].leaf > max[0]) /* processors repeat another leaf there */
        return 0;
    cpuid_of(of, words[i].leaf, words[i].subleaf, out);
    return out[words[i].reg];
}

/* What the ABI's numbers of feature sets and policies mean; HVM guests there are none. */
#define NO_POLICY 0xff
static const uint8_t featuresets[] = { CPU_OF_MACHINE, CPU_OF_MACHINE, CPU_OF_DOMU,
                                       NO_POLICY,      CPU_OF_DOM0,    NO_POLICY };
static const uint8_t policies[] = { CPU_OF_MACHINE, CPU_OF_MACHINE, CPU_OF_DOM0,
                                    NO_POLICY,      CPU_OF_DOMU,    NO_POLICY };

static int policy_choose(const uint8_t table[6], uint32_t index, enum cpu_policy *of)
{
    if (index >= 6)
        return -EINVAL;
    *of = table[index];
    return table[index] == NO_POLICY ? -EOPNOTSUPP : 0;
}

long hc_sysctl_get_cpu_featureset(struct xen_sysctl_cpu_featureset *op)
{
    guest_ptr_t list = guest_ptr(op->features);
    uint32_t room = op->nr_features;
    enum cpu_policy of;
    int ret = policy_choose(featuresets, op->index, &of);

    if (ret)
        return ret;
    op->nr_features = list.va ? MIN(room, (uint32_t)ARRAY_SIZE(words)) : ARRAY_SIZE(words);
    for (uint32_t i = 0; list.va && i < op->nr_features; i++) {
        uint32_t word = cpu_feature_word(of, i);

        if (copy_to_guest(guest_ptr_at(list, i, sizeof(word)), &word, sizeof(word)))
            return -EFAULT;
    }
    return op->nr_features < ARRAY_SIZE(words) ? -ENOBUFS : 0;
}

/* ---- leaves ---- */

struct leaf_list {
    guest_ptr_t at;
    uint32_t room, nr;
};

static int leaf_list_put(struct leaf_list *list, uint32_t leaf, uint32_t subleaf,
                         const uint32_t r[4])
{
    const struct xen_cpuid_leaf entry = { leaf, subleaf, r[0], r[1], r[2], r[3] };

    if (list->nr == list->room)
        return -ENOBUFS;
    return copy_to_guest(guest_ptr_at(list->at, list->nr++, sizeof(entry)), &entry, sizeof(entry));
}

/*
 * A leaf, or those of its subleaves that tools list: they fill in their choices and want to pass as
 * many entries as they got.
 */
static int leaf_list_add(struct leaf_list *list, enum cpu_policy of, uint32_t leaf)
{
    uint32_t last = leaf == 4 ? 5 : leaf == 7 || leaf == 0xb ? 1 : leaf == 0xd ? 62 : 0;
    bool is_plain = !last;
    int ret = 0;

    for (uint32_t sub = 0; sub <= last && ret == 0; sub++) {
        uint32_t r[4];

        cpuid_of(of, leaf, sub, r);
        if (leaf == 7 && sub == 0)
            last = MIN(last, r[0]);
        if (leaf != 0xd || sub < 2 || r[0]) /* no state component has size 0 */
            ret = leaf_list_put(list, leaf, is_plain ? XEN_CPUID_NO_SUBLEAF : sub, r);
    }
    return ret;
}

static int group_add(struct leaf_list *list, enum cpu_policy of, uint32_t first, uint32_t most)
{
    uint32_t r[4], last;
    int ret = 0;

    cpuid_of(of, first, 0, r);
    last = MIN(r[0] - first, most);
    for (uint32_t leaf = 0; leaf <= last && ret == 0; leaf++)
        ret = leaf_list_add(list, of, first + leaf);
    return ret;
}

/* Without a list, how much room is enough. */
static int leaves_get(enum cpu_policy of, xen_handle_t leaves, uint32_t *nr)
{
    static const uint32_t no_limit[4]; /* to the hypervisor's own leaves: not for tools to choose */
    struct leaf_list list = { guest_ptr(leaves), *nr, 0 };
    int ret;

    *nr = LEAVES_MAX;
    if (!leaves)
        return 0;
    ret = group_add(&list, of, 0, BASIC_LAST);
    for (uint32_t own = 0; own <= 0x100 && ret == 0; own += 0x100)
        ret = leaf_list_put(&list, XEN_CPUID_FIRST_LEAF + own, XEN_CPUID_NO_SUBLEAF, no_limit);
    if (ret == 0)
        ret = group_add(&list, of, EXTENDED, EXTENDED_LAST);
    *nr = list.nr;
    return ret;
}

/* One that there is, and reads as 0: no processor tells its frequency ratios. */
static int msrs_get(xen_handle_t msrs, uint32_t *nr)
{
    const struct xen_msr_entry entry = { .idx = MSR_PLATFORM_INFO };

    if (msrs && *nr < MSRS_MAX)
        return -ENOBUFS;
    *nr = MSRS_MAX;
    return msrs ? copy_to_guest(guest_ptr(msrs), &entry, sizeof(entry)) : 0;
}

long hc_sysctl_get_cpu_policy(struct xen_sysctl_cpu_policy *op)
{
    enum cpu_policy of;
    int ret = policy_choose(policies, op->index, &of);

    if (ret == 0)
        ret = leaves_get(of, op->leaves, &op->nr_leaves);
    return ret ? ret : msrs_get(op->msrs, &op->nr_msrs);
}

static enum cpu_policy policy_of(const struct domain *d)
{
    return d->is_control ? CPU_OF_DOM0 : CPU_OF_DOMU;
}

long hc_domctl_get_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *op)
{
    int ret = leaves_get(policy_of(d), op->leaves, &op->nr_leaves);

    return ret ? ret : msrs_get(op->msrs, &op->nr_msrs);
}

/* ---- what a tool wants ---- */

/*
 * No feature may be among them that neither the domain nor the machine has: tools take some bits,
 * as that of hyperthreads, from the machine. Fewer are fine, numbers are not looked at.
 */
static int leaf_check(enum cpu_policy of, const struct xen_cpuid_leaf *entry)
{
    const uint32_t r[] = { entry->a, entry->b, entry->c, entry->d };
    uint32_t group = entry->leaf & 0xffff0000;

    if ((group && group != XEN_CPUID_FIRST_LEAF && group != EXTENDED) ||
        (entry->leaf & 0xffff) > (group == XEN_CPUID_FIRST_LEAF ? 0x100u : EXTENDED_LAST))
        return -ERANGE;
    for (unsigned i = 0; i < ARRAY_SIZE(words); i++) {
        bool is_first = entry->subleaf == XEN_CPUID_NO_SUBLEAF && words[i].subleaf == 0;

        if (words[i].leaf == entry->leaf && (is_first || words[i].subleaf == entry->subleaf) &&
            (r[words[i].reg] & ~(cpu_feature_word(of, i) | cpu_feature_word(CPU_OF_MACHINE, i))))
            return -EINVAL;
    }
    return 0;
}

static int leaves_check(enum cpu_policy of, struct xen_domctl_cpu_policy *op)
{
    int ret = 0;

    for (uint32_t i = 0; i < op->nr_leaves && ret == 0; i++) {
        struct xen_cpuid_leaf entry;

        if (copy_from_guest(&entry, guest_ptr_at(guest_ptr(op->leaves), i, sizeof(entry)),
                            sizeof(entry)))
            return -EFAULT;
        ret = leaf_check(of, &entry);
        if (ret) {
            op->err_leaf = entry.leaf;
            op->err_subleaf = entry.subleaf;
        }
    }
    return ret;
}

static int msrs_check(struct xen_domctl_cpu_policy *op)
{
    for (uint32_t i = 0; i < op->nr_msrs; i++) {
        struct xen_msr_entry entry;

        if (copy_from_guest(&entry, guest_ptr_at(guest_ptr(op->msrs), i, sizeof(entry)),
                            sizeof(entry)))
            return -EFAULT;
        if (entry.idx != MSR_PLATFORM_INFO || entry.flags || entry.val) {
            op->err_msr = entry.idx;
            return -EINVAL;
        }
    }
    return 0;
}

long hc_domctl_set_cpu_policy(struct domain *d, struct xen_domctl_cpu_policy *op)
{
    int ret;

    op->err_leaf = op->err_subleaf = op->err_msr = ~0u;
    if (op->nr_leaves > LEAVES_MAX || op->nr_msrs > MSRS_MAX)
        return -E2BIG;
    ret = leaves_check(policy_of(d), op);
    return ret ? ret : msrs_check(op);
}

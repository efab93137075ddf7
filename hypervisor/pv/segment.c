/* SPDX-License-Identifier: MIT */
/* Segment bases, the kernel stack for entries from user mode, and the virtual TS flag. */
#include "core/domain.h"
#include "lib/errno.h"
#include "pv/guest_cpu.h"
#include "sys/log.h"
#include "x86/upcall.h"

#define CR0_TS UINT64_C(8)

enum { SELECTOR_GS = 3 };

int segment_base_set(struct vcpu *v, unsigned which, uint64_t base)
{
    struct guest_cpu *g = &v->arch;
    uint64_t *const bases[] = { [SEGBASE_FS] = &g->fs_base, [SEGBASE_GS_USER] = &g->gs_base_user,
                                [SEGBASE_GS_KERNEL] = &g->gs_base_kernel };

    if (which == SEGBASE_GS_USER_SEL) {
        if (base & 4)
            (void)upcall_ldt_fault(g, (uint16_t)base / (8 * 512)); /* first use of its page */
        /* One that cannot be loaded becomes the null one: the interface has no error for it. */
        if (machine_load_selector(g, SELECTOR_GS, (uint16_t)base) != 0)
            g->gs = 0;
        return 0;
    }
    if (which >= ARRAY_SIZE(bases) || !is_canonical(base))
        return -EINVAL;
    machine_save_bases(g); /* the others may have changed by wrfsbase and wrgsbase */
    *bases[which] = base;
    machine_load_bases(g);
    return 0;
}

int stack_switch(struct vcpu *v, uint64_t ss, uint64_t sp)
{
    guest_set_kernel_stack(&v->arch, selector_fix((uint16_t)ss), sp);
    return 0;
}

/* How it shows in frames, which v may be writing at this moment. Domain lock held. */
static void iopl_show(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;
    bool shows = READ_ONCE(v->domain->vm_assist) & (1u << VMASST_TYPE_architectural_iopl);

    ASSERT(lock_is_held(&v->domain->lock));
    WRITE_ONCE(g->architectural_iopl, shows);
    WRITE_ONCE(g->frame_iopl, shows ? (uint64_t)g->iopl << 12 : 0);
}

void iopl_set(struct vcpu *v, unsigned iopl)
{
    lock_take(&v->domain->lock);
    v->arch.iopl = iopl & 3;
    iopl_show(v);
    lock_drop(&v->domain->lock);
}

void iopl_show_all(struct domain *d)
{
    lock_take(&d->lock);
    for_each_vcpu(d, v)
        iopl_show(v);
    lock_drop(&d->lock);
}

void fpu_taskswitch(struct vcpu *v, bool set)
{
    uint64_t ts = set ? CR0_TS : 0;

    if (v->arch.cr0_ts == ts)
        return;
    v->arch.cr0_ts = ts;
    machine_load_ts(&v->arch);
}

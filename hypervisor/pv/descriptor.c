/* SPDX-License-Identifier: MIT */
/*
 * Descriptor tables. The frames of a guest's GDT and LDT are typed descriptor pages, so nothing
 * writes them but descriptor_update(), which lets only descriptors through that cannot raise
 * privilege. GDT frames are taken at once; LDT pages when the processor first looks into them.
 */
#include "mm/guest.h"
#include "mm/update.h"
#include "lib/errno.h"
#include "pv/guest_cpu.h"
#include "x86/upcall.h"
#include "sys/log.h"
#include "sys/percpu.h"

#define DESC_CODE (UINT64_C(1) << 43)
#define DESC_LONG (UINT64_C(1) << 53)

#define DESCRIPTORS_PER_FRAME 512
#define FRAMES_PREEMPT        4 /* frames checked between two looks at pending work */
#define PTE_PRESENT           UINT64_C(1)
#define PTE_FRAME(pte)        _mfn(((pte) >> PAGE_SHIFT) & ((UINT64_C(1) << 40) - 1))

uint16_t selector_fix(uint16_t sel)
{
    return sel | 3;
}

static void frames_put(struct mm_account *acct, mfn_t *frames, unsigned nr)
{
    for (unsigned i = 0; i < nr; i++) {
        if (!mfn_eq(frames[i], MFN_INVALID))
            frame_put(acct, frames[i]);
        frames[i] = MFN_INVALID;
    }
}

/* Taking it means a look at all its descriptors; the next time it does not. */
static bool is_unchecked(mfn_t mfn)
{
    return mfn_valid(mfn) && READ_ONCE(page_of(mfn)->type) != PT_SEGDESC;
}

static unsigned gdt_frames_used(const struct guest_cpu *g)
{
    return DIV_ROUND_UP(g->gdt_entries, DESCRIPTORS_PER_FRAME);
}

void gdt_drop(struct vcpu *v)
{
    struct guest_cpu *g = &v->arch;
    mfn_t old[GDT_FRAMES_MAX];
    unsigned nr = gdt_frames_used(g);

    for (unsigned i = 0; i < nr; i++) {
        old[i] = g->gdt_frames[i];
        g->gdt_frames[i] = MFN_INVALID;
    }
    g->gdt_entries = 0;
    if (v == current)
        machine_load_gdt(g);
    frames_put(&v->domain->mm, old, nr);
}

int gdt_set(struct vcpu *v, const uint64_t *frames, unsigned entries)
{
    struct guest_cpu *g = &v->arch;
    mfn_t taken[GDT_FRAMES_MAX];
    unsigned nr = DIV_ROUND_UP(entries, DESCRIPTORS_PER_FRAME), checked = 0;

    if (entries > FIRST_RESERVED_GDT_ENTRY)
        return -EINVAL;
    for (unsigned i = 0; i < nr; i++) {
        taken[i] = _mfn(frames[i]);
        checked += is_unchecked(taken[i]);
        if (frame_get(&v->domain->mm, taken[i], PT_SEGDESC) != 0) {
            frames_put(&v->domain->mm, taken, i);
            return -EINVAL;
        }
        if (checked == FRAMES_PREEMPT && preempt_pending()) {
            frames_put(&v->domain->mm, taken, i + 1);
            return -ERESTART;
        }
        checked %= FRAMES_PREEMPT;
    }
    gdt_drop(v);
    for (unsigned i = 0; i < nr; i++)
        g->gdt_frames[i] = taken[i];
    g->gdt_entries = entries;
    if (v == current)
        machine_load_gdt(g);
    return 0;
}

bool ldt_ok(gva_t base, uint64_t entries)
{
    return entries <= LDT_ENTRIES_MAX && (base & ~PAGE_MASK) == 0 &&
           (entries == 0 || guest_range_ok(guest_ptr(base), entries, sizeof(uint64_t)));
}

int ldt_set(struct vcpu *v, gva_t base, unsigned entries)
{
    struct guest_cpu *g = &v->arch;
    mfn_t old[ARRAY_SIZE(g->ldt_frames)];

    if (!ldt_ok(base, entries))
        return -EINVAL;
    for (unsigned i = 0; i < ARRAY_SIZE(old); i++) {
        old[i] = g->ldt_frames[i];
        g->ldt_frames[i] = MFN_INVALID;
    }
    g->ldt_base = entries ? base : 0;
    g->ldt_entries = entries;
    if (v == current)
        machine_load_ldt(g);
    frames_put(&v->domain->mm, old, ARRAY_SIZE(old));
    return 0;
}

bool upcall_ldt_fault(struct guest_cpu *g, unsigned page)
{
    struct vcpu *v = (struct vcpu *)g;
    uint64_t pte;
    maddr_t slot;

    if (page >= DIV_ROUND_UP(g->ldt_entries, DESCRIPTORS_PER_FRAME) ||
        !mfn_eq(g->ldt_frames[page], MFN_INVALID))
        return false;
    slot = pt_l1_slot(g->cr3_kernel, g->ldt_base + ((gva_t)page << PAGE_SHIFT));
    if (slot == 0)
        return false;
    pte = READ_ONCE(*(uint64_t *)machine_map_maddr(slot));
    if (!(pte & PTE_PRESENT) || frame_get(&v->domain->mm, PTE_FRAME(pte), PT_SEGDESC) != 0)
        return false;
    g->ldt_frames[page] = PTE_FRAME(pte);
    machine_load_ldt(g);
    return true;
}

/* Written as the type that the frame has, so that it cannot change its type meanwhile. */
int descriptor_update(struct domain *d, maddr_t where, uint64_t descriptor)
{
    mfn_t mfn = maddr_to_mfn(where);
    bool in_use;

    if ((where & 7) != 0 || !mfn_valid(mfn) || !segdesc_fix(&descriptor))
        return -EINVAL;
    in_use = READ_ONCE(page_of(mfn)->type) == PT_SEGDESC;
    if (frame_get(&d->mm, mfn, in_use ? PT_SEGDESC : PT_WRITABLE) != 0)
        return -EINVAL;
    WRITE_ONCE(*(uint64_t *)machine_map_maddr(where), descriptor);
    frame_put(&d->mm, mfn);
    return 0;
}

bool descriptor_read(struct vcpu *v, uint16_t sel, uint64_t *out)
{
    const struct guest_cpu *g = &v->arch;
    unsigned index = sel >> 3;
    const mfn_t *frames = sel & 4 ? g->ldt_frames : g->gdt_frames;
    mfn_t frame;

    if (index >= (sel & 4 ? g->ldt_entries : g->gdt_entries))
        return false;
    frame = frames[index / DESCRIPTORS_PER_FRAME];
    if (mfn_eq(frame, MFN_INVALID))
        return false;
    *out = READ_ONCE(((const uint64_t *)machine_map(frame))[index % DESCRIPTORS_PER_FRAME]);
    return true;
}

static __attribute__((noinline)) gva_t other_code_address(struct vcpu *v, uint16_t cs, bool *is_64)
{
    uint64_t d = 0, base;

    if (cs != FLAT_RING3_CS32 && descriptor_read(v, cs, &d))
        *is_64 = (d & DESC_CODE) && (d & DESC_LONG);
    if (*is_64)
        return v->arch.regs.rip;
    base = ((d >> 16) & 0xffffff) | ((d >> 32) & 0xff000000);
    return (uint32_t)(base + v->arch.regs.rip);
}

gva_t code_address(struct vcpu *v, bool *is_64)
{
    uint16_t cs = selector_fix(v->arch.regs.cs);

    *is_64 = cs == FLAT_RING3_CS64;
    return likely(*is_64) ? v->arch.regs.rip : other_code_address(v, cs, is_64);
}

/* SPDX-License-Identifier: MIT */
/*
 * pv/descriptor.c: which frames become descriptor tables, that each is given back, and where code
 * of a segment lies.
 */
#include "pv/fixture.h"

#define FIRST     20 /* frames for tables */
#define CODE_32   UINT64_C(0x00c0fa0000000000)
#define CODE_64   UINT64_C(0x00a0fa0000000000)
#define DATA_64   UINT64_C(0x00a0f20000000000) /* L, but not code */
#define CALL_GATE UINT64_C(0x0000ec0000000000)

static uint64_t *table(unsigned frame)
{
    return machine_map(_mfn(frame));
}

static unsigned types_held(void)
{
    unsigned sum = 0;

    for (unsigned i = 0; i < FRAMES; i++)
        sum += records[i].type_refs;
    return sum;
}

/* A GDT of that many entries in frames from `first` on. */
static int gdt_at(struct vcpu *of, unsigned first, unsigned entries)
{
    uint64_t frames[GDT_FRAMES_MAX + 1];

    for (unsigned i = 0; i < ARRAY_SIZE(frames); i++)
        frames[i] = first + i;
    return gdt_set(of, frames, entries);
}

START_TEST(gdt_is_taken)
{
    ck_assert_int_eq(gdt_at(v, FIRST, 513), 0);
    ck_assert_uint_eq(types_held(), 2);
    ck_assert_uint_eq(records[FIRST + 1].type, PT_SEGDESC);
    ck_assert_uint_eq(g->gdt_entries, 513);
    ck_assert(mfn_eq(g->gdt_frames[1], _mfn(FIRST + 1)));
    ck_assert(mfn_eq(g->gdt_frames[2], MFN_INVALID));
    ck_assert_uint_eq(machine.gdt_loads, 2); /* the old one goes first */
    ck_assert_int_eq(gdt_at(v, FIRST + 4, 512), 0);
    ck_assert_uint_eq(types_held(), 1);
    ck_assert_uint_eq(records[FIRST + 4].type_refs, 1);
    ck_assert(mfn_eq(g->gdt_frames[1], MFN_INVALID));
    gdt_drop(v);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert_uint_eq(g->gdt_entries, 0);
    ck_assert(mfn_eq(g->gdt_frames[0], MFN_INVALID));
    ck_assert_uint_eq(machine.gdt_loads, 5);
}
END_TEST

START_TEST(gdt_of_another_vcpu)
{
    ck_assert_int_eq(gdt_at(&vcpus[1], FIRST, 1), 0);
    ck_assert_uint_eq(types_held(), 1);
    gdt_drop(&vcpus[1]);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert_uint_eq(machine.gdt_loads, 0); /* its own CPU loads it */
}
END_TEST

START_TEST(gdt_limits)
{
    ck_assert_int_eq(gdt_at(v, FIRST, FIRST_RESERVED_GDT_ENTRY), 0);
    ck_assert_uint_eq(types_held(), GDT_FRAMES_MAX);
    ck_assert_int_eq(gdt_at(v, FIRST, FIRST_RESERVED_GDT_ENTRY + 1), -EINVAL);
    ck_assert_uint_eq(g->gdt_entries, FIRST_RESERVED_GDT_ENTRY);
    ck_assert_int_eq(gdt_at(v, 46, 1025), -EINVAL); /* the third is not ours */
    ck_assert_int_eq(gdt_at(v, FRAMES - 1, 1025), -EINVAL);
    ck_assert_uint_eq(types_held(), GDT_FRAMES_MAX);
    ck_assert_int_eq(gdt_at(v, FIRST, 0), 0);
    ck_assert_uint_eq(types_held(), 0);
}
END_TEST

/* New frames are looked at, which takes time: after each four there is a look at other work. */
START_TEST(gdt_in_steps)
{
    host.preempt = true;
    ck_assert_int_eq(gdt_at(v, FIRST, 3 * 512), 0);
    ck_assert_uint_eq(host.nr_preempt_calls, 0);
    gdt_drop(v);
    for (unsigned i = 0; i < FRAMES; i++)
        records[i].type = PT_NONE;
    ck_assert_int_eq(gdt_at(v, FIRST, 9 * 512), -ERESTART);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert_uint_eq(host.nr_preempt_calls, 1);
    ck_assert_int_eq(gdt_at(v, FIRST, 9 * 512), -ERESTART); /* the first four are done */
    ck_assert_uint_eq(host.nr_preempt_calls, 2);
    ck_assert_uint_eq(records[FIRST + 7].type, PT_SEGDESC);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert_int_eq(gdt_at(v, FIRST, 9 * 512), 0);
    ck_assert_uint_eq(host.nr_preempt_calls, 2);
}
END_TEST

START_TEST(steps_that_need_no_stop)
{
    ck_assert_int_eq(gdt_at(v, FIRST, 9 * 512), 0);
    ck_assert_uint_eq(host.nr_preempt_calls, 2);
}
END_TEST

START_TEST(ldt_is_taken_by_touch)
{
    machine.l1_slot = mfn_to_maddr(_mfn(18)) + 0x20;
    *(uint64_t *)machine_map_maddr(machine.l1_slot) =
        mfn_to_maddr(_mfn(FIRST)) | UINT64_C(1) << 63 | 1;
    ck_assert(!upcall_ldt_fault(g, 0)); /* no LDT */
    ck_assert_int_eq(ldt_set(v, GUEST_VA, 513), 0);
    ck_assert_uint_eq(machine.ldt_loads, 1);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert(!upcall_ldt_fault(g, 2)); /* beyond its end */
    ck_assert(upcall_ldt_fault(g, 1));
    ck_assert_uint_eq(machine.l1_asked, GUEST_VA + PAGE_SIZE);
    ck_assert_uint_eq(machine.ldt_loads, 2);
    ck_assert_uint_eq(records[FIRST].type_refs, 1);
    ck_assert(!upcall_ldt_fault(g, 1)); /* it is there */
    *(uint64_t *)machine_map_maddr(machine.l1_slot) = mfn_to_maddr(_mfn(FIRST));
    ck_assert(!upcall_ldt_fault(g, 0)); /* not mapped */
    *(uint64_t *)machine_map_maddr(machine.l1_slot) = mfn_to_maddr(_mfn(50)) | 1;
    ck_assert(!upcall_ldt_fault(g, 0)); /* not its frame */
    machine.l1_slot = 0;
    ck_assert(!upcall_ldt_fault(g, 0)); /* no table */
    ck_assert_uint_eq(machine.ldt_loads, 2);
    ck_assert_int_eq(ldt_set(v, GUEST_VA, 0), 0);
    ck_assert_uint_eq(g->ldt_base, 0);
    ck_assert_uint_eq(g->ldt_entries, 0);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert(mfn_eq(g->ldt_frames[1], MFN_INVALID));
}
END_TEST

START_TEST(ldt_limits)
{
    ck_assert_int_eq(ldt_set(v, GUEST_VA, LDT_ENTRIES_MAX), 0);
    ck_assert_uint_eq(g->ldt_entries, LDT_ENTRIES_MAX);
    ck_assert_uint_eq(g->ldt_base, GUEST_VA);
    ck_assert_int_eq(ldt_set(v, GUEST_VA, LDT_ENTRIES_MAX + 1), -EINVAL);
    ck_assert_int_eq(ldt_set(v, GUEST_VA + 8, 1), -EINVAL);
    ck_assert_int_eq(ldt_set(v, HYPERVISOR_START, 1), -EINVAL);
    ck_assert_int_eq(ldt_set(v, HYPERVISOR_START - PAGE_SIZE, 513), -EINVAL);
    ck_assert_uint_eq(g->ldt_entries, LDT_ENTRIES_MAX);
    ck_assert_int_eq(ldt_set(v, HYPERVISOR_START, 0), 0); /* none: its address says nothing */
    ck_assert_int_eq(ldt_set(&vcpus[1], GUEST_VA, 1), 0);
    ck_assert_uint_eq(machine.ldt_loads, 2);
}
END_TEST

START_TEST(single_descriptors)
{
    maddr_t at = mfn_to_maddr(_mfn(FIRST)) + 0x18;

    table(FIRST)[3] = 0;
    ck_assert_int_eq(descriptor_update(&domain, at, CODE_64), 0);
    ck_assert_uint_eq(table(FIRST)[3] & ~(UINT64_C(1) << 40), CODE_64);
    ck_assert_uint_eq(records[FIRST].type, PT_WRITABLE);
    ck_assert_uint_eq(types_held(), 0);
    ck_assert_int_eq(gdt_at(v, FIRST, 8), 0); /* in use: written as what it is */
    ck_assert_int_eq(descriptor_update(&domain, at, CODE_32), 0);
    ck_assert_uint_eq(table(FIRST)[3] & ~(UINT64_C(1) << 40), CODE_32);
    ck_assert_uint_eq(types_held(), 1);
    ck_assert_uint_eq(records[FIRST].type, PT_SEGDESC);
    for (unsigned i = 1; i < 8; i++)
        ck_assert_int_eq(descriptor_update(&domain, at + i, CODE_64), -EINVAL);
    ck_assert_int_eq(descriptor_update(&domain, at, CALL_GATE), -EINVAL);
    ck_assert_int_eq(descriptor_update(&domain, mfn_to_maddr(_mfn(FRAMES)), CODE_64), -EINVAL);
    ck_assert_int_eq(descriptor_update(&domain, mfn_to_maddr(_mfn(50)), CODE_64), -EINVAL);
    ck_assert_uint_eq(table(FIRST)[3] & ~(UINT64_C(1) << 40), CODE_32);
}
END_TEST

START_TEST(descriptors_read)
{
    uint64_t got = 0;

    ck_assert_int_eq(gdt_at(v, FIRST, 513), 0);
    table(FIRST)[2] = 0x1234;
    table(FIRST + 1)[0] = 0x5678;
    ck_assert(descriptor_read(v, 2 << 3 | 3, &got));
    ck_assert_uint_eq(got, 0x1234);
    ck_assert(descriptor_read(v, 512 << 3, &got));
    ck_assert_uint_eq(got, 0x5678);
    ck_assert(!descriptor_read(v, 513 << 3, &got));
    ck_assert(!descriptor_read(v, 0 << 3 | 4, &got)); /* no LDT */
    ck_assert_int_eq(ldt_set(v, GUEST_VA, 600), 0);
    ck_assert(!descriptor_read(v, 0 << 3 | 4, &got)); /* not touched yet */
    g->ldt_frames[0] = _mfn(FIRST + 2);
    g->ldt_frames[1] = _mfn(FIRST + 3);
    records[FIRST + 2].type_refs = records[FIRST + 3].type_refs = 1;
    table(FIRST + 2)[5] = 0x9abc;
    table(FIRST + 3)[87] = 0xdef0;
    ck_assert(descriptor_read(v, 5 << 3 | 4, &got));
    ck_assert_uint_eq(got, 0x9abc);
    ck_assert(descriptor_read(v, 599 << 3 | 4, &got));
    ck_assert_uint_eq(got, 0xdef0);
    ck_assert(!descriptor_read(v, 600 << 3 | 4, &got));
}
END_TEST

START_TEST(addresses_of_code)
{
    const uint64_t base = UINT64_C(0x12345678);
    const uint64_t high = UINT64_C(0x1122334455667788);
    bool is_64;

    regs->rip = high;
    regs->cs = FLAT_KERNEL_CS & ~3;
    ck_assert_uint_eq(code_address(v, &is_64), high);
    ck_assert(is_64);
    regs->cs = FLAT_RING3_CS32;
    ck_assert_uint_eq(code_address(v, &is_64), 0x55667788);
    ck_assert(!is_64);
    ck_assert_int_eq(gdt_at(v, FIRST, 8), 0);
    table(FIRST)[1] = CODE_64 | (base & 0xffffff) << 16 | (base >> 24) << 56;
    table(FIRST)[2] = CODE_32 | (base & 0xffffff) << 16 | (base >> 24) << 56;
    table(FIRST)[3] = DATA_64;
    regs->cs = 1 << 3;
    ck_assert_uint_eq(code_address(v, &is_64), high);
    ck_assert(is_64);
    regs->cs = 2 << 3;
    ck_assert_uint_eq(code_address(v, &is_64), (uint32_t)(high + base));
    ck_assert(!is_64);
    regs->cs = 3 << 3;
    (void)code_address(v, &is_64);
    ck_assert(!is_64);
    regs->cs = 9 << 3; /* none: as if its base were 0 */
    ck_assert_uint_eq(code_address(v, &is_64), 0x55667788);
    ck_assert(!is_64);
    ck_assert_uint_eq(selector_fix(0x30), 0x33);
}
END_TEST

/* Four bytes before the end of what can be read: the rest is looked at only if it is needed. */
START_TEST(code_at_the_end_of_memory)
{
    struct insn in;

    regs->rip = GUEST_VA + PAGE_SIZE - 4;
    host.fault_start = GUEST_VA + PAGE_SIZE;
    host.fault_end = GUEST_END;
    memcpy((void *)regs->rip, "\x66\x66\x0f\x06", 4); /* clts */
    ck_assert(insn_fetch(v, &in));
    ck_assert_uint_eq(in.length, 4);
    memcpy((void *)regs->rip, "\x66\x66\x66\x0f\x06", 5);
    ck_assert(!insn_fetch(v, &in));
    host.fault_start = host.fault_end = 0;
    ck_assert(insn_fetch(v, &in));
    ck_assert_uint_eq(in.length, 5);
    memcpy((void *)regs->rip, "\x66\x66\x66\x0f\xff", 5); /* no such instruction */
    ck_assert(!insn_fetch(v, &in));
    /* All that an instruction may have lies before the page's end. */
    regs->rip = GUEST_VA + PAGE_SIZE - 16;
    memset((void *)regs->rip, 0x66, 16);
    ck_assert(!insn_fetch(v, &in));
    memcpy((void *)(regs->rip + 13), "\x0f\x06", 2);
    ck_assert(insn_fetch(v, &in));
    ck_assert_uint_eq(in.length, 15);
    host.fault_start = GUEST_VA;
    host.fault_end = GUEST_END;
    ck_assert(!insn_fetch(v, &in));
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        gdt_is_taken,      gdt_of_another_vcpu,       gdt_limits,
        gdt_in_steps,      steps_that_need_no_stop,   ldt_is_taken_by_touch,
        ldt_limits,        single_descriptors,        descriptors_read,
        addresses_of_code, code_at_the_end_of_memory,
    };

    return FIXTURE_RUN("pv/descriptor", tests);
}

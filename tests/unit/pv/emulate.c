/* SPDX-License-Identifier: MIT */
/*
 * pv/emulate.c: writes to page tables. Each instruction is run twice, by the processor on memory of
 * this program and by the emulator on a table with the same content; registers, flags and memory
 * must agree. Then what is no write to a table, and what the checks below say no to.
 */
#include "pv/fixture.h"

#define DATA   (GUEST_VA + 2 * PAGE_SIZE) /* the processor writes here, the emulator to TABLE */
#define TABLE  _mfn(21)
#define SLOT   (mfn_to_maddr(_mfn(20)) + 0x48) /* the entry that maps TABLE at DATA */
#define MIDDLE (DATA + 0x800)

#define FLAGS       UINT64_C(0x8d5) /* CF PF AF ZF SF OF */
#define FLAGS_LOGIC UINT64_C(0x8c5) /* AF is undefined */
#define FLAGS_BIT   UINT64_C(0x041) /* CF, and ZF as it was */

static uint64_t seed = 5;

static uint64_t any(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return seed ^ seed >> 29;
}

static void entry_set(uint64_t entry)
{
    *(uint64_t *)machine_map_maddr(SLOT) = entry;
}

static void start(void)
{
    guest_start();
    ck_assert_int_eq(mprotect((void *)CODE, PAGE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC), 0);
    machine.l1_slot = SLOT;
    entry_set(mfn_to_maddr(TABLE) | 1);
    records[mfn_x(TABLE)].type = PT_L1;
    memset(machine_map(TABLE), 0, PAGE_SIZE);
    regs->rflags = FLAG_IF | 2;
    regs->rdi = MIDDLE;
}

/* The code at CODE, which returns, with the general registers and flags of r. */
static void run_native(struct guest_regs *r)
{
    __asm__ volatile(
        "lea -128(%%rsp), %%rsp; mov %[r], %%r15; mov %[code], %%r14\n\t"
        "pushq %c[fl](%%r15); popfq\n\t"
        "mov %c[a](%%r15), %%rax; mov %c[b](%%r15), %%rbx\n\t"
        "mov %c[c](%%r15), %%rcx; mov %c[d](%%r15), %%rdx\n\t"
        "mov %c[di](%%r15), %%rdi\n\t"
        "call *%%r14\n\t"
        "mov %%rax, %c[a](%%r15); mov %%rbx, %c[b](%%r15)\n\t"
        "mov %%rcx, %c[c](%%r15); mov %%rdx, %c[d](%%r15)\n\t"
        "mov %%rdi, %c[di](%%r15)\n\t"
        "pushfq; popq %c[fl](%%r15); cld; lea 128(%%rsp), %%rsp"
        :
        : [r] "r"(r), [code] "r"(CODE), [a] "i"(offsetof(struct guest_regs, rax)),
          [b] "i"(offsetof(struct guest_regs, rbx)), [c] "i"(offsetof(struct guest_regs, rcx)),
          [d] "i"(offsetof(struct guest_regs, rdx)), [di] "i"(offsetof(struct guest_regs, rdi)),
          [fl] "i"(offsetof(struct guest_regs, rflags))
        : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r14", "r15",
          "memory", "cc");
}

/* Both on the same memory and registers; the fault of the emulated one is at cr2. */
static void compare(const uint8_t *code, size_t n, gva_t cr2, uint64_t flags)
{
    uint64_t *table = machine_map(TABLE), *data = (uint64_t *)DATA;
    struct guest_regs native;
    unsigned steps = 0;

    for (unsigned i = 0; i < PAGE_SIZE / 8; i++)
        table[i] = data[i] = any();
    if (any() & 1) /* so that comparing exchanges find what they expect */
        memcpy(&regs->rax, (void *)MIDDLE, 8);
    if (any() & 1)
        regs->rdx = regs->rax >> 32;
    regs->rflags = (any() & (FLAGS | FLAG_DF)) | FLAG_IF | 2;
    regs->rip = CODE;
    native = *regs;
    code_put(code, n);
    ((uint8_t *)CODE)[n] = 0xc3;
    run_native(&native);
    do {
        ck_assert_msg(emulate_pte_write(v, cr2), "%02x %02x %02x", code[0], code[1], code[2]);
        ck_assert_uint_lt(++steps, 9);
        cr2 = regs->rdi;
    } while (regs->rip == CODE);
    ck_assert_uint_eq(regs->rip, CODE + n);
    ck_assert_msg(memcmp(table, data, PAGE_SIZE) == 0, "%02x %02x %02x", code[0], code[1], code[2]);
    ck_assert_uint_eq(regs->rax, native.rax);
    ck_assert_uint_eq(regs->rbx, native.rbx);
    ck_assert_uint_eq(regs->rcx, native.rcx);
    ck_assert_uint_eq(regs->rdx, native.rdx);
    ck_assert_uint_eq(regs->rdi, native.rdi);
    ck_assert_msg((regs->rflags & flags) == (native.rflags & flags), "%02x %02x %02x: %lx, not %lx",
                  code[0], code[1], code[2], regs->rflags, native.rflags);
}

/* As it is; and, if it has all widths, with the prefixes for 16 and for 64 bits. */
enum { W8, W_ALL };

static void compare_widths(unsigned widths, const uint8_t *code, size_t n, gva_t cr2,
                           uint64_t flags)
{
    uint8_t bytes[16];

    for (unsigned round = 0; round < 8; round++) {
        regs->rax = any(), regs->rbx = any(), regs->rcx = any(), regs->rdx = any();
        regs->rdi = MIDDLE;
        compare(code, n, cr2, flags);
        if (widths == W8)
            continue;
        memcpy(bytes + 1, code, n);
        bytes[0] = 0x66;
        regs->rdi = MIDDLE;
        if (code[0] != 0x81 && code[0] != 0xc7 && code[0] != 0xf7) /* their immediate is shorter */
            compare(bytes, n + 1, cr2, flags);
        bytes[0] = 0x48;
        regs->rdi = MIDDLE;
        compare(bytes, n + 1, cr2, flags);
    }
}
#define COMPARE(widths, flags, ...)                                                                \
    compare_widths(widths, (const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }),   \
                   MIDDLE, flags)

START_TEST(arithmetic_with_registers)
{
    static const uint8_t opcodes[] = { 0x00, 0x08, 0x10, 0x18, 0x20, 0x28, 0x30 };

    for (unsigned i = 0; i < ARRAY_SIZE(opcodes); i++) {
        bool logic = opcodes[i] == 0x08 || opcodes[i] == 0x20 || opcodes[i] == 0x30;

        COMPARE(W8, logic ? FLAGS_LOGIC : FLAGS, opcodes[i], 0x1f);
        COMPARE(W8, logic ? FLAGS_LOGIC : FLAGS, opcodes[i], 0x3f); /* %bh */
        COMPARE(W_ALL, logic ? FLAGS_LOGIC : FLAGS, opcodes[i] + 1, 0x1f);
    }
}
END_TEST

START_TEST(arithmetic_with_immediates)
{
    for (uint8_t sub = 0; sub < 7; sub++) {
        uint64_t flags = sub == 1 || sub == 4 || sub == 6 ? FLAGS_LOGIC : FLAGS;
        uint8_t modrm = (uint8_t)(sub << 3 | 7);

        COMPARE(W8, flags, 0x80, modrm, 0x95);
        COMPARE(W_ALL, flags, 0x81, modrm, 0x78, 0x56, 0x34, 0x92);
        COMPARE(W8, flags, 0x66, 0x81, modrm, 0x34, 0x92);
        COMPARE(W_ALL, flags, 0x83, modrm, 0x95);
    }
}
END_TEST

START_TEST(moves)
{
    COMPARE(W8, FLAGS, 0x88, 0x1f);
    COMPARE(W_ALL, FLAGS, 0x89, 0x1f);
    COMPARE(W8, FLAGS, 0x0f, 0xc3, 0x1f);
    COMPARE(W8, FLAGS, 0x48, 0x0f, 0xc3, 0x1f);
    COMPARE(W8, FLAGS, 0xc6, 0x07, 0x95);
    COMPARE(W_ALL, FLAGS, 0xc7, 0x07, 0x78, 0x56, 0x34, 0x92);
    COMPARE(W8, FLAGS, 0x66, 0xc7, 0x07, 0x34, 0x92);
    COMPARE(W8, FLAGS, 0x86, 0x1f);
    COMPARE(W8, FLAGS, 0x86, 0x3f);
    COMPARE(W_ALL, FLAGS, 0x87, 0x1f);
    COMPARE(W8, FLAGS, 0xa2, 0x00, 0x28, 0, 0x10, 0, 0, 0, 0); /* to MIDDLE by its address */
    COMPARE(W_ALL, FLAGS, 0xa3, 0x00, 0x28, 0, 0x10, 0, 0, 0, 0);
}
END_TEST

START_TEST(one_operand)
{
    COMPARE(W8, FLAGS, 0xf6, 0x17); /* not, neg, inc, dec */
    COMPARE(W_ALL, FLAGS, 0xf7, 0x17);
    COMPARE(W8, FLAGS, 0xf6, 0x1f);
    COMPARE(W_ALL, FLAGS, 0xf7, 0x1f);
    COMPARE(W8, FLAGS, 0xfe, 0x07);
    COMPARE(W_ALL, FLAGS, 0xff, 0x07);
    COMPARE(W8, FLAGS, 0xfe, 0x0f);
    COMPARE(W_ALL, FLAGS, 0xff, 0x0f);
}
END_TEST

START_TEST(exchanges)
{
    for (unsigned i = 0; i < 4; i++) {
        COMPARE(W8, FLAGS, 0x0f, 0xb0, 0x1f); /* cmpxchg, xadd */
        COMPARE(W_ALL, FLAGS, 0x0f, 0xb1, 0x1f);
        COMPARE(W8, FLAGS, 0x0f, 0xc0, 0x1f);
        COMPARE(W_ALL, FLAGS, 0x0f, 0xc1, 0x1f);
        COMPARE(W8, FLAGS, 0x0f, 0xc7, 0x0f); /* cmpxchg8b */
        COMPARE(W8, FLAGS, 0xf0, 0x0f, 0xc7, 0x0f);
        COMPARE(W8, FLAGS, 0xf0, 0x48, 0x0f, 0xb1, 0x1f);
    }
}
END_TEST

START_TEST(bits)
{
    for (uint8_t bit = 0; bit < 70; bit = (uint8_t)(bit + 3))
        for (uint8_t sub = 5; sub < 8; sub++)
            COMPARE(W_ALL, FLAGS_BIT, 0x0f, 0xba, (uint8_t)(sub << 3 | 7), bit);
}
END_TEST

/* A bit number in a register reaches beyond the operand, both ways. */
START_TEST(bits_far_away)
{
    static const uint8_t opcodes[] = { 0xab, 0xb3, 0xbb };

    for (unsigned i = 0; i < 3 * 64; i++) {
        uint8_t wide[] = { 0x48, 0x0f, opcodes[i % 3], 0x1f };
        uint8_t narrow[] = { 0x66, 0x0f, opcodes[i % 3], 0x1f };
        int64_t bit = (int64_t)(any() % 16384) - 8192;

        regs->rdi = MIDDLE;
        regs->rbx = (uint64_t)bit;
        compare(wide, 4, MIDDLE + (uint64_t)((bit >> 6) * 8), FLAGS_BIT);
        regs->rbx = (uint64_t)bit; /* in %ebx, %bx: the rest does not count */
        compare(wide + 1, 3, MIDDLE + (uint64_t)((bit >> 5) * 4), FLAGS_BIT);
        regs->rbx = (uint64_t)bit ^ UINT64_C(0xabcdef) << 40;
        compare(wide + 1, 3, MIDDLE + (uint64_t)((bit >> 5) * 4), FLAGS_BIT);
        regs->rbx = (uint64_t)bit ^ UINT64_C(0xabcdef) << 16;
        compare(narrow, 4, MIDDLE + (uint64_t)((bit >> 4) * 2), FLAGS_BIT);
    }
}
END_TEST

START_TEST(strings)
{
    static const uint8_t codes[][3] = {
        { 0xf3, 0xaa }, { 0xf3, 0xab }, { 0xf3, 0x48, 0xab }, { 0xf3, 0x66, 0xab }
    };

    COMPARE(W8, FLAGS, 0xaa);
    COMPARE(W_ALL, FLAGS, 0xab);
    for (unsigned i = 0; i < 8 * ARRAY_SIZE(codes); i++) {
        regs->rcx = i % 7 + 1;
        regs->rdi = MIDDLE;
        compare(codes[i % 4], i % 4 < 2 ? 2 : 3, MIDDLE, FLAGS);
        ck_assert_uint_eq(regs->rcx, 0);
    }
}
END_TEST

START_TEST(addresses_of_32_bits)
{
    regs->rdi = MIDDLE | UINT64_C(1) << 40;
    regs->rbx = any();
    compare((const uint8_t[]){ 0x67, 0x89, 0x1f }, 3, MIDDLE, FLAGS);
    regs->rdi = MIDDLE;
    compare((const uint8_t[]){ 0x67, 0xab }, 2, MIDDLE, FLAGS);
}
END_TEST

/* ---- one instruction at a time: mov %rbx, (%rdi) unless said otherwise ---- */

static bool emulate(gva_t cr2, const void *code, size_t n)
{
    regs->rip = CODE;
    code_put(code, n);
    return emulate_pte_write(v, cr2);
}
#define EMULATE(cr2, ...)                                                                          \
    emulate(cr2, (const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))
#define MOVE 0x48, 0x89, 0x1f

static uint64_t table_word(gva_t va)
{
    return ((uint64_t *)machine_map(TABLE))[(va & ~PAGE_MASK) / 8];
}

START_TEST(segments)
{
    machine.fs = 0x10, machine.gs = 0x20, machine.gs_other = 0x30;
    regs->rbx = 7;
    ck_assert(EMULATE(MIDDLE + 0x10, 0x64, MOVE));
    ck_assert_uint_eq(table_word(MIDDLE + 0x10), 7);
    ck_assert(EMULATE(MIDDLE + 0x20, 0x65, MOVE));
    ck_assert_uint_eq(table_word(MIDDLE + 0x20), 7);
    ck_assert(EMULATE(MIDDLE, 0x26, MOVE));
    ck_assert(!EMULATE(MIDDLE, 0x64, MOVE));
    ck_assert(!EMULATE(MIDDLE, 0x65, MOVE));
}
END_TEST

START_TEST(no_table)
{
    static const struct {
        uint64_t bits;
        bool is_table;
    } entries[] = {
        { 1, true }, { 0, false }, { 3, false }, { 2, false }, { UINT64_C(1) << 63 | 0x65, true },
    };

    for (unsigned i = 0; i < ARRAY_SIZE(entries); i++) {
        entry_set(mfn_to_maddr(TABLE) | entries[i].bits);
        ck_assert(EMULATE(MIDDLE, MOVE) == entries[i].is_table);
    }
    entry_set(mfn_to_maddr(_mfn(FRAMES)) | 1);
    ck_assert(!EMULATE(MIDDLE, MOVE));
    entry_set(mfn_to_maddr(_mfn(22)) | 1);
    for (uint8_t type = PT_NONE; type <= PT_SEGDESC; type++) {
        records[22].type = type;
        ck_assert(EMULATE(MIDDLE, MOVE) == (type == PT_L1));
    }
    entry_set(mfn_to_maddr(TABLE) | 1);
    *(uint64_t *)machine_map_maddr(0) = mfn_to_maddr(TABLE) | 1; /* 0 means none, not this one */
    machine.l1_slot = 0;
    ck_assert(!EMULATE(MIDDLE, MOVE));
    ck_assert_uint_eq(machine.nr_writes, 3);
}
END_TEST

START_TEST(no_such_write)
{
    ck_assert(!EMULATE(MIDDLE + 8, MOVE));   /* it does not write there */
    ck_assert(!EMULATE(MIDDLE, 0x39, 0x1f)); /* cmp */
    ck_assert(!EMULATE(MIDDLE, 0x3b, 0x1f));
    ck_assert(!EMULATE(MIDDLE, 0x02, 0x1f));    /* to a register */
    ck_assert(!EMULATE(MIDDLE, 0x80, 0x3f, 0)); /* cmp */
    ck_assert(!EMULATE(MIDDLE, 0x83, 0x3f, 0));
    ck_assert(!EMULATE(MIDDLE, 0xc6, 0x0f, 0));
    ck_assert(!EMULATE(MIDDLE, 0xc7, 0x0f, 0, 0, 0, 0));
    ck_assert(!EMULATE(MIDDLE, 0xfe, 0x17));
    ck_assert(!EMULATE(MIDDLE, 0xff, 0x17));          /* call */
    ck_assert(!EMULATE(MIDDLE, 0x0f, 0xba, 0x27, 1)); /* bt */
    ck_assert(!EMULATE(MIDDLE, 0x0f, 0xc7, 0x37));    /* rdrand */
    ck_assert(!EMULATE(MIDDLE, 0x0f, 0xc7, 0x07));
    ck_assert(!EMULATE(MIDDLE, 0x48, 0x0f, 0xc7, 0x0f)); /* cmpxchg16b */
    ck_assert(!EMULATE(MIDDLE, 0x0f, 0x06));
    ck_assert(!EMULATE(MIDDLE, 0x48, 0x89, 0xdf)); /* mov %rbx, %rdi */
    ck_assert(!EMULATE(MIDDLE, 0x0f, 0xff));
    regs->cs = FLAT_RING3_CS32;
    ck_assert(!EMULATE(MIDDLE, 0x89, 0x1f));
    regs->cs = FLAT_KERNEL_CS;
    ck_assert_uint_eq(machine.nr_writes, 0);
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert(EMULATE(MIDDLE, MOVE));
}
END_TEST

/* Only within eight aligned bytes: two entries are never written at once. */
START_TEST(across_entries)
{
    for (unsigned offset = 0; offset < 8; offset++) {
        regs->rdi = MIDDLE + offset;
        ck_assert(EMULATE(MIDDLE + offset, MOVE) == (offset == 0));
        ck_assert(EMULATE(MIDDLE + offset, 0x89, 0x1f) == (offset <= 4));
        ck_assert(EMULATE(MIDDLE + offset, 0x66, 0x89, 0x1f) == (offset <= 6));
        ck_assert(EMULATE(MIDDLE + offset, 0x88, 0x1f));
        ck_assert(EMULATE(MIDDLE + offset, 0x0f, 0xc7, 0x0f) == (offset == 0));
    }
}
END_TEST

static const uint8_t writes[][4] = {
    { MOVE },
    { 0x48, 0x01, 0x1f },
    { 0x48, 0x87, 0x1f },
    { 0x48, 0x0f, 0xb1, 0x1f },
    { 0x0f, 0xc7, 0x0f },
    { 0x48, 0xab },
};

START_TEST(refused_or_put_off)
{
    for (unsigned i = 0; i < ARRAY_SIZE(writes); i++) {
        struct guest_regs before;

        regs->rip = CODE;
        regs->rax = 1, regs->rbx = 2, regs->rcx = 3, regs->rdx = 4;
        before = *regs;
        machine.write_answer = -EINVAL;
        ck_assert(!emulate(MIDDLE, writes[i], 4));
        ck_assert_mem_eq(regs, &before, sizeof(before));
        machine.write_answer = -ERESTART;
        ck_assert(emulate(MIDDLE, writes[i], 4)); /* it runs again */
        ck_assert_mem_eq(regs, &before, sizeof(before));
    }
}
END_TEST

/* The processor may set bits of an entry between the look and the exchange. */
START_TEST(changed_meanwhile)
{
    regs->rbx = 0x100;
    machine.disturbances = 15;
    ck_assert(EMULATE(MIDDLE, 0x48, 0x01, 0x1f));
    ck_assert_uint_eq(regs->rip, CODE + 3);
    ck_assert_uint_eq(table_word(MIDDLE), 15 * 0x1000 + 0x100);
    machine.disturbances = 16;
    ck_assert(EMULATE(MIDDLE, 0x48, 0x01, 0x1f));
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert_uint_eq(table_word(MIDDLE), 31 * 0x1000 + 0x100);
}
END_TEST

START_TEST(single_step)
{
    regs->rflags |= FLAG_TF;
    ck_assert(EMULATE(MIDDLE, MOVE));
    check_at_handler(1);
    ck_assert_uint_eq(frame_read(0, NULL).rip, CODE + 3);
}
END_TEST

/* From the page fault on: only the kernel's writes to what is there are looked at. */
START_TEST(faults_that_are_emulated)
{
    static const struct {
        uint32_t error;
        bool is_emulated;
    } faults[] = {
        { 0x7, true },  { 0x3, true },  { 0x6, false },
        { 0x5, false }, { 0xf, false }, { 0x17, false },
    };

    code_put((const uint8_t[]){ MOVE }, 3);
    for (unsigned i = 0; i < ARRAY_SIZE(faults); i++) {
        regs->rip = CODE;
        regs->error_code = faults[i].error;
        upcall_page_fault(g, MIDDLE);
        if (faults[i].is_emulated)
            ck_assert_uint_eq(regs->rip, CODE + 3);
        else
            check_at_handler(14);
    }
    user_mode();
    regs->rip = CODE;
    regs->error_code = 7;
    upcall_page_fault(g, MIDDLE);
    check_at_handler(14);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        arithmetic_with_registers,
        arithmetic_with_immediates,
        moves,
        one_operand,
        exchanges,
        bits,
        bits_far_away,
        strings,
        addresses_of_32_bits,
        segments,
        no_table,
        no_such_write,
        across_entries,
        refused_or_put_off,
        changed_meanwhile,
        single_step,
        faults_that_are_emulated,
    };

    return FIXTURE_RUN_FROM("pv/emulate", start, tests);
}

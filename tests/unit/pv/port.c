/* SPDX-License-Identifier: MIT */
/*
 * pv/port.c: which accesses reach the machine's ports or its PCI configuration, with which width
 * and value, and how the string forms move their registers.
 */
#include "pv/fixture.h"

#include "pv/decode.h"

#define PORT 0x1f0

static void ports_give(unsigned first, unsigned nr)
{
    for (unsigned i = first; i < first + nr; i++)
        domain.io_ports[i / 64] |= UINT64_C(1) << (i % 64);
}

/* As dom0's kernel does at boot: level 1 may use ports. */
static void start(void)
{
    guest_start();
    g->iopl = 1;
    regs->rdx = PORT;
    regs->rax = UINT64_C(0x1122334455667788);
    machine.in_value = 0xaabbccdd;
}

/* The instruction at CODE, to its end. */
static bool step(const void *bytes, size_t n)
{
    regs->rip = CODE;
    code_put(bytes, n);
    return emulate_privileged(v);
}
#define STEP(...) step((const uint8_t[]){ __VA_ARGS__ }, sizeof((uint8_t[]){ __VA_ARGS__ }))

START_TEST(widths_of_output)
{
    ports_give(PORT, 4);
    ck_assert(STEP(0xee)); /* out %al, (%dx) */
    ck_assert_uint_eq(regs->rip, CODE + 1);
    ck_assert_uint_eq(machine.io.port, PORT);
    ck_assert_uint_eq(machine.io.bytes, 1);
    ck_assert_uint_eq(machine.io.value, 0x88);
    ck_assert(STEP(0x66, 0xef));
    ck_assert_uint_eq(machine.io.bytes, 2);
    ck_assert_uint_eq(machine.io.value, 0x7788);
    ck_assert(STEP(0xef));
    ck_assert_uint_eq(machine.io.bytes, 4);
    ck_assert_uint_eq(machine.io.value, 0x55667788);
    ck_assert(STEP(0x48, 0xef)); /* no ports of 64 bits */
    ck_assert_uint_eq(machine.io.bytes, 4);
    ck_assert_uint_eq(machine.io.value, 0x55667788);
    ck_assert_uint_eq(machine.nr_outs, 4);
    ports_give(0x80, 1);
    ck_assert(STEP(0xe6, 0x80));
    ck_assert_uint_eq(machine.io.port, 0x80);
    ck_assert_uint_eq(regs->rip, CODE + 2);
    ck_assert_uint_eq(machine.nr_ins, 0);
}
END_TEST

START_TEST(widths_of_input)
{
    ports_give(PORT, 4);
    machine.in_value = 0xdd;
    ck_assert(STEP(0xec)); /* in (%dx), %al */
    ck_assert_uint_eq(regs->rax, UINT64_C(0x11223344556677dd));
    machine.in_value = 0xccdd;
    ck_assert(STEP(0x66, 0xed));
    ck_assert_uint_eq(regs->rax, UINT64_C(0x112233445566ccdd));
    machine.in_value = 0xaabbccdd;
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0xaabbccdd);
    regs->rax = UINT64_MAX;
    ck_assert(STEP(0x48, 0xe5, 0xf0));
    ck_assert_uint_eq(regs->rax, 0xffffffff); /* not its port */
    ck_assert_uint_eq(machine.nr_ins, 3);
    ck_assert_uint_eq(machine.nr_outs, 0);
}
END_TEST

START_TEST(ports_of_others)
{
    ports_give(PORT, 3);
    ck_assert(STEP(0xef)); /* all four or none */
    ck_assert_uint_eq(machine.nr_outs, 0);
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0xffffffff);
    regs->rax = 0;
    ck_assert(STEP(0x66, 0xed));
    ck_assert_uint_eq(regs->rax, 0xccdd);
    regs->rdx = PORT + 2;
    regs->rax = 0;
    ck_assert(STEP(0x66, 0xed));
    ck_assert_uint_eq(regs->rax, 0xffff);
    regs->rdx = PORT - 1;
    regs->rax = 0;
    ck_assert(STEP(0xec));
    ck_assert_uint_eq(regs->rax, 0xff);
    ports_give(0, 8);
    ports_give(0xfff8, 8);
    regs->rdx = 0xffff;
    ck_assert(STEP(0x66, 0xef)); /* no port 0x10000, nor is it port 0 */
    ck_assert_uint_eq(machine.nr_outs, 0);
    ck_assert(STEP(0xee));
    ck_assert_uint_eq(machine.nr_outs, 1);
}
END_TEST

START_TEST(privilege)
{
    ports_give(PORT, 4);
    g->iopl = 0;
    ck_assert(!STEP(0xee));
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert(!STEP(0x6e));
    user_mode();
    g->iopl = 2;
    ck_assert(!STEP(0xee));
    ck_assert_uint_eq(machine.nr_outs, 0);
    g->iopl = 3;
    ck_assert(STEP(0xee));
    ck_assert_uint_eq(machine.nr_outs, 1);
}
END_TEST

/* ---- PCI configuration ---- */

static void pci_select(uint32_t address)
{
    regs->rdx = 0xcf8;
    regs->rax = address;
    ck_assert(STEP(0xef));
}

START_TEST(pci_configuration)
{
    domain.is_control = true;
    pci_select(0x8512ab74); /* register 574 of device 12, function ab */
    regs->rax = 0;
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0x8512ab74);
    regs->rdx = 0xcfe;
    ck_assert(STEP(0x66, 0xed));
    ck_assert_uint_eq(regs->rax & 0xffff, 0xccdd);
    ck_assert_uint_eq(machine.nr_pci_reads, 1);
    ck_assert_uint_eq(machine.io.bus, 0x12);
    ck_assert_uint_eq(machine.io.devfn, 0xab);
    ck_assert_uint_eq(machine.io.reg, 0x576);
    ck_assert_uint_eq(machine.io.bytes, 2);
    memset(&machine.io, 0, sizeof(machine.io));
    regs->rdx = 0xcfc;
    regs->rax = 0x11223344;
    ck_assert(STEP(0xef));
    ck_assert_uint_eq(machine.nr_pci_writes, 1);
    ck_assert_uint_eq(machine.io.bus, 0x12);
    ck_assert_uint_eq(machine.io.devfn, 0xab);
    ck_assert_uint_eq(machine.io.reg, 0x574);
    ck_assert_uint_eq(machine.io.bytes, 4);
    ck_assert_uint_eq(machine.io.value, 0x11223344);
    ck_assert_uint_eq(machine.nr_ins + machine.nr_outs, 0);
}
END_TEST

START_TEST(pci_beside_the_registers)
{
    domain.is_control = true;
    pci_select(0x80000000);
    regs->rdx = 0xcfd; /* beyond the last byte */
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0xffffffff);
    regs->rdx = 0xcfb;
    ck_assert(STEP(0xec));
    regs->rdx = 0xd00;
    ck_assert(STEP(0xec));
    ck_assert_uint_eq(machine.nr_pci_reads, 0);
    regs->rdx = 0xcff;
    ck_assert(STEP(0xec));
    ck_assert_uint_eq(machine.nr_pci_reads, 1);
    regs->rdx = 0xcf8; /* the latch is 32 bits wide and nothing else */
    regs->rax = 0;
    ck_assert(STEP(0x66, 0xef));
    ck_assert(STEP(0x66, 0xed));
    ck_assert_uint_eq(regs->rax, 0xffff);
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0x80000000);
    pci_select(0x7fffffff); /* not enabled */
    regs->rdx = 0xcfc;
    ck_assert(STEP(0xed));
    ck_assert(STEP(0xef));
    ck_assert_uint_eq(machine.nr_pci_reads, 1);
    ck_assert_uint_eq(machine.nr_pci_writes, 0);
    pci_select(0x80000000);
}
END_TEST

START_TEST(pci_of_others)
{
    domain.is_control = true;
    pci_select(0x80001234);
    domain.is_control = false;
    pci_select(0x80000000);
    regs->rax = 0;
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0xffffffff);
    regs->rdx = 0xcfc;
    ck_assert(STEP(0xed));
    ck_assert(STEP(0xef));
    ck_assert_uint_eq(machine.nr_pci_reads + machine.nr_pci_writes, 0);
    domain.is_control = true;
    regs->rdx = 0xcf8;
    ck_assert(STEP(0xed));
    ck_assert_uint_eq(regs->rax, 0x80001234);
}
END_TEST

/* ---- string forms ---- */

#define DATA (GUEST_VA + 2 * PAGE_SIZE)

START_TEST(string_output)
{
    ports_give(PORT, 4);
    memcpy((void *)DATA, "abcdefgh", 8);
    regs->rsi = DATA;
    regs->rdi = regs->rcx = 77;
    ck_assert(STEP(0x6e));
    ck_assert_uint_eq(machine.io.value, 'a');
    ck_assert_uint_eq(regs->rsi, DATA + 1);
    ck_assert(STEP(0x66, 0x6f));
    ck_assert_uint_eq(machine.io.value, 'c' << 8 | 'b');
    ck_assert_uint_eq(regs->rsi, DATA + 3);
    ck_assert(STEP(0x48, 0x6f));
    ck_assert_uint_eq(machine.io.bytes, 4);
    ck_assert_uint_eq(regs->rsi, DATA + 7);
    regs->rflags = FLAG_DF;
    ck_assert(STEP(0x6e));
    ck_assert_uint_eq(machine.io.value, 'h');
    ck_assert_uint_eq(regs->rsi, DATA + 6);
    ck_assert_uint_eq(regs->rip, CODE + 1);
    ck_assert_uint_eq(regs->rdi, 77);
    ck_assert_uint_eq(regs->rcx, 77);
    ck_assert_uint_eq(machine.nr_outs, 4);
}
END_TEST

START_TEST(string_input)
{
    ports_give(PORT, 4);
    memset((void *)DATA, 0x5a, 16);
    regs->rdi = DATA;
    regs->rsi = 77;
    regs->rcx = 3;
    ck_assert(STEP(0xf3, 0x66, 0x6d));
    ck_assert_uint_eq(machine.nr_ins, 3);
    ck_assert_uint_eq(regs->rcx, 0);
    ck_assert_uint_eq(regs->rdi, DATA + 6);
    ck_assert_uint_eq(regs->rip, CODE + 3);
    ck_assert_mem_eq((void *)DATA, "\xdd\xcc\xdd\xcc\xdd\xcc\x5a", 7);
    ck_assert(STEP(0xf3, 0x6c)); /* nothing left */
    ck_assert_uint_eq(machine.nr_ins, 3);
    ck_assert_uint_eq(regs->rip, CODE + 2);
    ck_assert_uint_eq(regs->rsi, 77);
}
END_TEST

/* A long one stops after 32 iterations, at itself. */
START_TEST(string_in_parts)
{
    ports_give(PORT, 1);
    regs->rsi = DATA;
    regs->rcx = 33;
    ck_assert(STEP(0xf3, 0x6e));
    ck_assert_uint_eq(machine.nr_outs, 32);
    ck_assert_uint_eq(regs->rcx, 1);
    ck_assert_uint_eq(regs->rip, CODE);
    ck_assert(STEP(0xf3, 0x6e));
    ck_assert_uint_eq(machine.nr_outs, 33);
    ck_assert_uint_eq(regs->rip, CODE + 2);
    regs->rcx = 32;
    ck_assert(STEP(0xf3, 0x6e));
    ck_assert_uint_eq(regs->rip, CODE + 2);
}
END_TEST

START_TEST(string_addresses_of_32_bits)
{
    ports_give(PORT, 1);
    regs->rsi = DATA | UINT64_C(1) << 40;
    regs->rcx = UINT64_C(7) << 32 | 2;
    memcpy((void *)DATA, "xyz", 3);
    ck_assert(STEP(0xf3, 0x67, 0x6e));
    ck_assert_uint_eq(machine.nr_outs, 2);
    ck_assert_uint_eq(machine.io.value, 'y');
    ck_assert_uint_eq(regs->rsi, DATA + 2);
    ck_assert_uint_eq(regs->rcx, 0);
    ck_assert_uint_eq(regs->rip, CODE + 3);
}
END_TEST

START_TEST(string_segments)
{
    ports_give(PORT, 1);
    memcpy((void *)DATA, "0123456789", 10);
    machine.fs = 1, machine.gs = 2, machine.gs_other = 3;
    regs->rsi = DATA;
    ck_assert(STEP(0x64, 0x6e));
    ck_assert_uint_eq(machine.io.value, '1');
    ck_assert_uint_eq(regs->rsi, DATA + 1);
    regs->rsi = DATA;
    ck_assert(STEP(0x65, 0x6e));
    ck_assert_uint_eq(machine.io.value, '2');
    regs->rsi = DATA;
    ck_assert(STEP(0x26, 0x6e));
    ck_assert_uint_eq(machine.io.value, '0');
    user_mode();
    g->iopl = 3;
    regs->rsi = DATA;
    ck_assert(STEP(0x65, 0x6e));
    ck_assert_uint_eq(machine.io.value, '3');
    regs->rdi = DATA; /* what is stored has no override */
    machine.in_value = 'x';
    ck_assert(STEP(0x65, 0x6c));
    ck_assert(STEP(0x64, 0x6c));
    ck_assert_mem_eq((void *)DATA, "xx234", 5);
}
END_TEST

START_TEST(string_faults)
{
    uint64_t extra;

    ports_give(PORT, 4);
    host.fault_start = DATA;
    host.fault_end = DATA + 8;
    regs->rdi = regs->rsi = DATA - 2;
    regs->rcx = 9;
    ck_assert(STEP(0xf3, 0x66, 0x6d));
    check_at_handler(14);
    (void)frame_read(1, &extra);
    ck_assert_uint_eq(extra, 2); /* a write */
    ck_assert_uint_eq(g->cr2, DATA);
    ck_assert_uint_eq(frame_read(1, &extra).rip, CODE);
    ck_assert_uint_eq(machine.nr_ins, 1); /* the port is not read if nobody can have it */
    ck_assert_uint_eq(regs->rcx, 8);
    ck_assert_uint_eq(regs->rdi, DATA);
    ck_assert(STEP(0xf3, 0x66, 0x6f));
    ck_assert_uint_eq(machine.nr_outs, 1);
    check_at_handler(14);
    (void)frame_read(1, &extra);
    ck_assert_uint_eq(extra, 0);
    ck_assert_uint_eq(regs->rsi, DATA);
    ck_assert_uint_eq(regs->rcx, 7);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        widths_of_output,
        widths_of_input,
        ports_of_others,
        privilege,
        pci_configuration,
        pci_beside_the_registers,
        pci_of_others,
        string_output,
        string_input,
        string_in_parts,
        string_addresses_of_32_bits,
        string_segments,
        string_faults,
    };

    return FIXTURE_RUN_FROM("pv/port", start, tests);
}

/* SPDX-License-Identifier: MIT */
/*
 * I/O ports. A domain has the ports in its bitmap; all others read as ones and swallow writes, as
 * an empty bus does, because kernels probe. The PCI configuration mechanism is emulated for the
 * control domain: its address register is a latch here, so that the hypervisor's own accesses and
 * dom0's never mix.
 */
#include "lib/bits.h"
#include "mm/guest.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"

#define PCI_ADDRESS 0xcf8
#define PCI_DATA    0xcfc
#define PCI_ENABLE  (UINT32_C(1) << 31)

#define FLAG_DF            UINT64_C(0x400)
#define STRING_STEPS_MAX   32 /* iterations of a rep before interrupts get a chance */
#define PF_WRITE           2u

static uint32_t pci_address; /* written by dom0's kernel under its own lock */

static bool has_ports(const struct domain *d, uint16_t port, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        if (port + i > UINT16_MAX || !bit_test(d->io_ports, port + i))
            return false;
    return true;
}

/* Does the access go to the configuration register that the latch names? */
static bool is_pci_data(const struct domain *d, uint16_t port, unsigned bytes)
{
    return d->is_control && port >= PCI_DATA && port + bytes <= PCI_DATA + 4;
}

/* Registers above 255 are reached by bits 24 to 27, as some processors do. */
static uint16_t pci_register(uint32_t address, uint16_t port)
{
    return (uint16_t)((address & 0xfc) | (port & 3) | ((address >> 16) & 0xf00));
}

static uint32_t port_read(struct domain *d, uint16_t port, unsigned bytes)
{
    uint32_t a = READ_ONCE(pci_address);

    if (d->is_control && port == PCI_ADDRESS && bytes == 4)
        return a;
    if (is_pci_data(d, port, bytes) && (a & PCI_ENABLE))
        return machine_pci_read(0, (uint8_t)(a >> 16), (uint8_t)(a >> 8), pci_register(a, port),
                                bytes);
    return has_ports(d, port, bytes) ? machine_in(port, bytes) : UINT32_MAX >> (32 - 8 * bytes);
}

static void port_write(struct domain *d, uint16_t port, unsigned bytes, uint32_t value)
{
    uint32_t a = READ_ONCE(pci_address);

    if (d->is_control && port == PCI_ADDRESS && bytes == 4)
        WRITE_ONCE(pci_address, value);
    else if (is_pci_data(d, port, bytes) && (a & PCI_ENABLE))
        machine_pci_write(0, (uint8_t)(a >> 16), (uint8_t)(a >> 8), pci_register(a, port), bytes,
                          value);
    else if (has_ports(d, port, bytes))
        machine_out(port, bytes, value);
}

/* Index and count registers move in address size. */
static void advance(const struct insn *in, uint64_t *r, uint64_t by)
{
    *r = in->addr_bytes == 8 ? *r + by : (uint32_t)(*r + by);
}

/* One iteration; false: the memory operand faulted, and the guest has got its page fault. */
static bool string_step(struct vcpu *v, const struct insn *in, bool is_in, unsigned bytes)
{
    struct guest_regs *regs = &v->arch.regs;
    uint16_t port = (uint16_t)regs->rdx;
    uint64_t *index = is_in ? &regs->rdi : &regs->rsi;
    gva_t at = in->addr_bytes == 8 ? *index : (uint32_t)*index;
    uint32_t value = 0;
    int rc;

    if (!is_in && in->segment == SEG_FS)
        at += v->arch.fs_base;
    else if (!is_in && in->segment == SEG_GS)
        at += v->arch.in_kernel ? v->arch.gs_base_kernel : v->arch.gs_base_user;
    if (is_in) {
        /* Input has side effects: make sure first that its result can be stored. */
        rc = clear_guest(guest_ptr(at), bytes);
        if (rc == 0) {
            value = port_read(v->domain, port, bytes);
            rc = copy_to_guest(guest_ptr(at), &value, bytes);
        }
    } else {
        rc = copy_from_guest(&value, guest_ptr(at), bytes);
        if (rc == 0)
            port_write(v->domain, port, bytes, value);
    }
    if (rc != 0) {
        trap_inject_page_fault(v, at, is_in ? PF_WRITE : 0);
        return false;
    }
    advance(in, index, regs->rflags & FLAG_DF ? 0 - (uint64_t)bytes : bytes);
    return true;
}

static uint64_t count(const struct insn *in, const struct guest_regs *regs)
{
    return in->addr_bytes == 8 ? regs->rcx : (uint32_t)regs->rcx;
}

static void string_io(struct vcpu *v, const struct insn *in, bool is_in, unsigned bytes)
{
    struct guest_regs *regs = &v->arch.regs;

    machine_save_bases(&v->arch);
    for (unsigned i = 0; i < STRING_STEPS_MAX && (!in->rep || count(in, regs) != 0); i++) {
        if (!string_step(v, in, is_in, bytes))
            return;
        if (!in->rep)
            break;
        advance(in, &regs->rcx, ~UINT64_C(0));
    }
    if (!in->rep || count(in, regs) == 0)
        trap_insn_done(v, in->length);
}

bool emulate_port(struct vcpu *v, const struct insn *in)
{
    struct guest_regs *regs = &v->arch.regs;
    struct insn narrow = *in;
    bool is_out = in->opcode & 2;
    uint16_t port = (uint16_t)(in->opcode >= 0xec ? regs->rdx : (uint8_t)in->immediate);

    if (v->arch.iopl < guest_level(&v->arch))
        return false;
    narrow.op_bytes = MIN(in->op_bytes, (uint8_t)4);
    if (in->opcode <= 0x6f) {
        string_io(v, in, !is_out, narrow.op_bytes);
        return true;
    }
    if (is_out)
        port_write(v->domain, port, narrow.op_bytes,
                   (uint32_t)insn_register_get(&narrow, regs, 0));
    else
        insn_register_set(&narrow, regs, 0, port_read(v->domain, port, narrow.op_bytes));
    trap_insn_done(v, in->length);
    return true;
}

/* SPDX-License-Identifier: MIT */
/*
 * Plain instructions of a guest kernel that write to its page tables. The tables are mapped read-
 * only, so each such write faults; it is decoded, turned into one checked entry update, and the
 * registers and flags become what the processor would have made of them. Whatever cannot be
 * decoded or is refused by the checks becomes the page fault that it was.
 *
 * Read-modify-write is a loop of compare and exchange, so a processor that sets accessed or dirty
 * bits meanwhile is never overruled.
 */
#include "lib/errno.h"
#include "mm/update.h"
#include "pv/alu.h"
#include "pv/guest_cpu.h"
#include "pv/trap.h"

#define PTE_PRESENT UINT64_C(1)
#define PTE_RW      UINT64_C(2)
#define FRAME_MASK  ((UINT64_C(1) << 40) - 1)
#define FLAG_DF     UINT64_C(0x400)
#define RETRIES_MAX 16 /* then the guest runs the instruction again */

enum outcome { DONE, AGAIN, REFUSED };

/* Where the value comes from that goes into the memory operand, by way of an ALU operation. */
enum source { NOT_A_WRITE, REGISTER, IMMEDIATE, SWAP, STRING, ACCUMULATOR, COMPARED, COMPARED_8B };

struct pte_write {
    struct vcpu *v;
    const struct insn *in;
    maddr_t where;  /* machine address of the operand */
    unsigned bytes;
};

/* Machine address behind `va`, if it is a read-only mapping of an L1 table: only those
 * are written plainly. */
static maddr_t table_address(struct vcpu *v, gva_t va)
{
    maddr_t slot = pt_l1_slot(v->arch.cr3_kernel, va);
    uint64_t pte;
    mfn_t mfn;

    if (slot == 0)
        return 0;
    pte = READ_ONCE(*(uint64_t *)machine_map_maddr(slot));
    mfn = _mfn(pte >> PAGE_SHIFT & FRAME_MASK);
    if ((pte & (PTE_PRESENT | PTE_RW)) != PTE_PRESENT || !mfn_valid(mfn))
        return 0;
    /* A look without the lock: pt_emulated_write() decides under it. */
    if (READ_ONCE(page_of(mfn)->type) != PT_L1)
        return 0;
    return mfn_to_maddr(mfn) | (va & ~PAGE_MASK);
}

/* Not to be shown to the guest before pt_emulated_write() has found the frame to be its own. */
static uint64_t operand_read(const struct pte_write *w)
{
    const uint64_t *word = machine_map_maddr(w->where & ~UINT64_C(7));
    uint64_t value = READ_ONCE(*word) >> (8 * (w->where & 7));

    return w->bytes == 8 ? value : value & ((UINT64_C(1) << (8 * w->bytes)) - 1);
}

/* `expect` as for pt_emulated_write(). */
static enum outcome store(const struct pte_write *w, uint64_t value, uint64_t *expect)
{
    int rc = pt_emulated_write(&w->v->domain->mm, w->where, value, w->bytes, expect);

    return rc == 0 ? DONE : rc == -ERESTART ? AGAIN : REFUSED;
}

/* Read, modify, write; for xchg and xadd the register gets the old value. */
static enum outcome modify(const struct pte_write *w, enum alu_op op, uint64_t src, bool swap)
{
    struct guest_regs *regs = &w->v->arch.regs;

    for (unsigned i = 0; i < RETRIES_MAX; i++) {
        uint64_t flags = regs->rflags, old = operand_read(w), found = old;
        enum outcome result = store(w, alu_apply(op, old, src, w->bytes, &flags), &found);

        if (result != DONE)
            return result;
        if (found != old)
            continue;
        regs->rflags = flags;
        if (swap)
            insn_register_set(w->in, regs, w->in->reg, old);
        return DONE;
    }
    return AGAIN;
}

static enum outcome compare_exchange(const struct pte_write *w)
{
    struct guest_regs *regs = &w->v->arch.regs;
    uint64_t expected = insn_register_get(w->in, regs, 0), found = expected;
    enum outcome result = store(w, insn_register_get(w->in, regs, w->in->reg), &found);

    if (result != DONE)
        return result;
    alu_apply(ALU_CMP, expected, found, w->bytes, &regs->rflags);
    if (found != expected)
        insn_register_set(w->in, regs, 0, found);
    return DONE;
}

static enum outcome compare_exchange_8b(const struct pte_write *w)
{
    struct guest_regs *regs = &w->v->arch.regs;
    uint64_t expected = regs->rdx << 32 | (uint32_t)regs->rax, found = expected;
    enum outcome result = store(w, regs->rcx << 32 | (uint32_t)regs->rbx, &found);

    if (result != DONE)
        return result;
    regs->rflags = (regs->rflags & ~(uint64_t)ALU_ZF) | (found == expected ? ALU_ZF : 0);
    if (found != expected) {
        regs->rax = (uint32_t)found;
        regs->rdx = found >> 32;
    }
    return DONE;
}

/* One store of a string instruction: AGAIN while a rep has more to do. */
static enum outcome store_string(const struct pte_write *w)
{
    struct guest_regs *regs = &w->v->arch.regs;
    enum outcome result = store(w, insn_register_get(w->in, regs, 0), NULL);

    if (result != DONE)
        return result;
    regs->rdi += regs->rflags & FLAG_DF ? 0 - (uint64_t)w->bytes : w->bytes;
    return w->in->rep && --regs->rcx != 0 ? AGAIN : DONE;
}

static enum source source_of(const struct insn *in, enum alu_op *op)
{
    unsigned sub = in->modrm >> 3 & 7;

    *op = ALU_MOV;
    switch (in->opcode) {
    case 0x80: case 0x81: case 0x83:
        *op = (enum alu_op)sub;
        return sub == ALU_CMP ? NOT_A_WRITE : IMMEDIATE;
    case 0x86: case 0x87:
        return SWAP;
    case 0x88: case 0x89: case 0x0fc3:
        return REGISTER;
    case 0xa2: case 0xa3:
        return ACCUMULATOR;
    case 0xaa: case 0xab:
        return STRING;
    case 0xc6: case 0xc7:
        return sub == 0 ? IMMEDIATE : NOT_A_WRITE;
    case 0xf6: case 0xf7:
        *op = sub == 2 ? ALU_NOT : ALU_NEG;
        return IMMEDIATE;
    case 0xfe: case 0xff:
        *op = sub == 0 ? ALU_INC : ALU_DEC;
        return sub < 2 ? IMMEDIATE : NOT_A_WRITE;
    case 0x0fab: case 0x0fb3: case 0x0fbb:
        *op = in->opcode == 0x0fab ? ALU_BTS : in->opcode == 0x0fb3 ? ALU_BTR : ALU_BTC;
        return REGISTER;
    case 0x0fba:
        *op = sub == 5 ? ALU_BTS : sub == 6 ? ALU_BTR : ALU_BTC;
        return sub < 5 ? NOT_A_WRITE : IMMEDIATE;
    case 0x0fb0: case 0x0fb1:
        return COMPARED;
    case 0x0fc0: case 0x0fc1:
        *op = ALU_ADD;
        return SWAP;
    case 0x0fc7:
        return sub == 1 && in->op_bytes != 8 ? COMPARED_8B : NOT_A_WRITE;
    default: /* add to xor with a register */
        *op = (enum alu_op)(in->opcode >> 3);
        return in->opcode < 0x38 && (in->opcode & 7) < 2 ? REGISTER : NOT_A_WRITE;
    }
}

static enum outcome execute(const struct pte_write *w, enum source source, enum alu_op op)
{
    struct guest_regs *regs = &w->v->arch.regs;
    uint64_t src = insn_register_get(w->in, regs, source == ACCUMULATOR ? 0 : w->in->reg);

    switch (source) {
    case COMPARED:
        return compare_exchange(w);
    case COMPARED_8B:
        return compare_exchange_8b(w);
    case STRING:
        return store_string(w);
    case SWAP:
        return modify(w, op, src, true);
    case IMMEDIATE:
        src = (uint64_t)w->in->immediate;
        break;
    default:
        break;
    }
    return op == ALU_MOV ? store(w, src, NULL) : modify(w, op, src, false);
}

static gva_t effective_address(struct vcpu *v, const struct insn *in, enum source source)
{
    struct guest_cpu *g = &v->arch;
    uint64_t at;

    if (source == STRING)
        return in->addr_bytes == 8 ? g->regs.rdi : (uint32_t)g->regs.rdi;
    at = source == ACCUMULATOR ? (uint64_t)in->immediate : insn_address(in, &g->regs);
    /* A bit number in a register reaches beyond the operand. */
    if (in->opcode == 0x0fab || in->opcode == 0x0fb3 || in->opcode == 0x0fbb) {
        unsigned unused = 64 - 8u * in->op_bytes;
        int64_t bit = (int64_t)(insn_register_get(in, &g->regs, in->reg) << unused) >> unused;

        at += (uint64_t)((bit >> 3) & -(int64_t)in->op_bytes);
    }
    if (in->segment != SEG_FS && in->segment != SEG_GS)
        return at;
    machine_save_bases(g);
    return at + (in->segment == SEG_FS ? g->fs_base : g->gs_base_kernel);
}

bool emulate_pte_write(struct vcpu *v, gva_t cr2)
{
    struct insn in;
    struct pte_write w = { .v = v, .in = &in, .where = table_address(v, cr2) };
    enum source source;
    enum alu_op op;
    enum outcome result;

    /* Cheapest first: most write faults are not about page tables at all. */
    if (w.where == 0 || !insn_fetch(v, &in) || !in.is_64)
        return false;
    source = source_of(&in, &op);
    if (source == NOT_A_WRITE || (!in.has_memory && source != STRING && source != ACCUMULATOR))
        return false;
    w.bytes = source == COMPARED_8B ? 8 : in.op_bytes;
    if ((w.where & 7) + w.bytes > 8 || effective_address(v, &in, source) != cr2)
        return false;
    result = execute(&w, source, op);
    if (result == DONE)
        trap_insn_done(v, in.length);
    return result != REFUSED;
}

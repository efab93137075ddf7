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
    if (page_of(mfn)->type != PT_L1)
        return 0;
    return mfn_to_maddr(mfn) | (va & ~PAGE_MASK);
}

static uint64_t operand_read(const struct pte_write *w)
{
    const uint64_t *word = machine_map_maddr(w->where & ~UINT64_C(7));
    uint64_t value = READ_ONCE(*word) >> (8 * (w->where & 7));

    return w->bytes == 8 ? value : value & ((UINT64_C(1) << (8 * w->bytes)) - 1);
}

static enum outcome outcome_of(int rc)
{
    return rc == 0 ? DONE : rc == -ERESTART ? AGAIN : REFUSED;
}

/* Exchange `old` for `value`; AGAIN also when the entry has changed meanwhile. */
static enum outcome exchange(const struct pte_write *w, uint64_t old, uint64_t value)
{
    uint64_t found = old;
    int rc = pt_emulated_write(&w->v->domain->mm, w->where, value, w->bytes, &found);

    return rc == 0 && found != old ? AGAIN : outcome_of(rc);
}

static enum outcome store(const struct pte_write *w, uint64_t value)
{
    return outcome_of(pt_emulated_write(&w->v->domain->mm, w->where, value, w->bytes, NULL));
}

static enum outcome modify(const struct pte_write *w, enum alu_op op, uint64_t src)
{
    struct guest_regs *regs = &w->v->arch.regs;
    enum outcome result = AGAIN;

    for (unsigned i = 0; i < RETRIES_MAX && result == AGAIN; i++) {
        uint64_t flags = regs->rflags, old = operand_read(w);

        result = exchange(w, old, alu_apply(op, old, src, w->bytes, &flags));
        if (result == DONE)
            regs->rflags = flags;
    }
    return result;
}

/* xchg, and xadd with `add`: the register gets the old value. */
static enum outcome swap(const struct pte_write *w, bool add)
{
    struct guest_regs *regs = &w->v->arch.regs;
    uint64_t src = insn_register_get(w->in, regs, w->in->reg);
    enum outcome result = AGAIN;

    for (unsigned i = 0; i < RETRIES_MAX && result == AGAIN; i++) {
        uint64_t flags = regs->rflags, old = operand_read(w);

        result = exchange(w, old, add ? alu_apply(ALU_ADD, old, src, w->bytes, &flags) : src);
        if (result == DONE) {
            regs->rflags = flags;
            insn_register_set(w->in, regs, w->in->reg, old);
        }
    }
    return result;
}

static enum outcome compare_exchange(const struct pte_write *w)
{
    struct guest_regs *regs = &w->v->arch.regs;
    uint64_t expected = insn_register_get(w->in, regs, 0), old = operand_read(w), flags;
    enum outcome result = DONE;

    if (old == expected)
        result = exchange(w, old, insn_register_get(w->in, regs, w->in->reg));
    if (result != DONE)
        return result;
    flags = regs->rflags;
    alu_apply(ALU_CMP, expected, old, w->bytes, &flags);
    regs->rflags = flags;
    if (old != expected)
        insn_register_set(w->in, regs, 0, old);
    return DONE;
}

static enum outcome compare_exchange_8b(struct pte_write *w)
{
    struct guest_regs *regs = &w->v->arch.regs;
    uint64_t expected = regs->rdx << 32 | (uint32_t)regs->rax, old;
    enum outcome result = DONE;

    w->bytes = 8;
    old = operand_read(w);
    if (old == expected)
        result = exchange(w, old, regs->rcx << 32 | (uint32_t)regs->rbx);
    if (result != DONE)
        return result;
    regs->rflags = (regs->rflags & ~(uint64_t)ALU_ZF) | (old == expected ? ALU_ZF : 0);
    if (old != expected) {
        regs->rax = (uint32_t)old;
        regs->rdx = old >> 32;
    }
    return DONE;
}

/* One store of a string instruction: AGAIN while a rep has more to do. */
static enum outcome store_string(const struct pte_write *w)
{
    struct guest_regs *regs = &w->v->arch.regs;
    enum outcome result = store(w, insn_register_get(w->in, regs, 0));

    if (result != DONE)
        return result;
    regs->rdi += regs->rflags & FLAG_DF ? 0 - (uint64_t)w->bytes : w->bytes;
    return w->in->rep && --regs->rcx != 0 ? AGAIN : DONE;
}

static enum outcome group(struct pte_write *w, uint64_t src)
{
    static const enum alu_op bit_ops[4] = { ALU_CMP, ALU_BTS, ALU_BTR, ALU_BTC };
    unsigned sub = w->in->modrm >> 3 & 7;

    switch (w->in->opcode) {
    case 0x80: case 0x81: case 0x83:
        return sub == ALU_CMP ? REFUSED : modify(w, (enum alu_op)sub, (uint64_t)w->in->immediate);
    case 0xc6: case 0xc7:
        return sub == 0 ? store(w, (uint64_t)w->in->immediate) : REFUSED;
    case 0xf6: case 0xf7:
        return modify(w, sub == 2 ? ALU_NOT : ALU_NEG, 0);
    case 0xfe: case 0xff:
        return sub < 2 ? modify(w, sub == 0 ? ALU_INC : ALU_DEC, 0) : REFUSED;
    case 0x0fba:
        return sub < 5 ? REFUSED : modify(w, bit_ops[sub - 4], (uint64_t)w->in->immediate);
    case 0x0fc7:
        return sub == 1 && w->in->op_bytes != 8 ? compare_exchange_8b(w) : REFUSED;
    default:
        return modify(w, (enum alu_op)(w->in->opcode >> 3), src); /* add to xor with a register */
    }
}

static enum outcome execute(struct pte_write *w)
{
    uint64_t src = insn_register_get(w->in, &w->v->arch.regs, w->in->reg);

    switch (w->in->opcode) {
    case 0x86: case 0x87:
        return swap(w, false);
    case 0x88: case 0x89: case 0x0fc3:
        return store(w, src);
    case 0xa2: case 0xa3:
        return store(w, insn_register_get(w->in, &w->v->arch.regs, 0));
    case 0xaa: case 0xab:
        return store_string(w);
    case 0x0fab:
        return modify(w, ALU_BTS, src);
    case 0x0fb3:
        return modify(w, ALU_BTR, src);
    case 0x0fbb:
        return modify(w, ALU_BTC, src);
    case 0x0fb0: case 0x0fb1:
        return compare_exchange(w);
    case 0x0fc0: case 0x0fc1:
        return swap(w, true);
    default:
        return group(w, src);
    }
}

static bool is_string_or_moffs(const struct insn *in)
{
    return in->opcode == 0xaa || in->opcode == 0xab || in->opcode == 0xa2 || in->opcode == 0xa3;
}

/* Does the opcode write to its memory operand, and is it one of those above? */
static bool writes_memory(const struct insn *in)
{
    if (is_string_or_moffs(in))
        return true;
    if (!in->has_memory)
        return false;
    switch (in->opcode) {
    case 0x80: case 0x81: case 0x83: case 0x86: case 0x87: case 0x88: case 0x89: case 0xc6:
    case 0xc7: case 0xf6: case 0xf7: case 0xfe: case 0xff: case 0x0fab: case 0x0fb0: case 0x0fb1:
    case 0x0fb3: case 0x0fba: case 0x0fbb: case 0x0fc0: case 0x0fc1: case 0x0fc3: case 0x0fc7:
        return true;
    default:
        return in->opcode < 0x38 && (in->opcode & 7) < 2;
    }
}

static gva_t effective_address(struct vcpu *v, const struct insn *in)
{
    struct guest_cpu *g = &v->arch;
    uint64_t at;

    if (in->opcode == 0xaa || in->opcode == 0xab)
        return in->addr_bytes == 8 ? g->regs.rdi : (uint32_t)g->regs.rdi;
    at = in->opcode == 0xa2 || in->opcode == 0xa3 ? (uint64_t)in->immediate
                                                   : insn_address(in, &g->regs);
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
    enum outcome result;

    /* Cheapest first: most write faults are not about page tables at all. */
    if (w.where == 0 || !insn_fetch(v, &in) || !in.is_64 || !writes_memory(&in))
        return false;
    w.bytes = in.opcode == 0x0fc7 ? 8 : in.op_bytes;
    if ((w.where & 7) + w.bytes > 8 || effective_address(v, &in) != cr2)
        return false;
    result = execute(&w);
    if (result == DONE)
        trap_insn_done(v, in.length);
    return result != REFUSED;
}

/* SPDX-License-Identifier: MIT */
/*
 * How the attacker does what it chose, as a kernel: with handlers that survive most faults, a timer
 * that wakes it when it has put itself to sleep, and a stack of its own.
 */
#include "check.h"
#include "lamina/grant.h"
#include "public/memory.h"
#include "public/vcpu.h"

/* The hypervisor's headers define these too, and alike. */
#undef PAGE_SHIFT
#undef PAGE_SIZE
#include "attack.h"
#include "public/grant_table.h"

#include <string.h>

#define TICK_NS 10000000

static uint8_t code_page[4096] PAGE;
static struct grant_entry_v1 table[512] PAGE;
static uint64_t entry_at[ARENA_PAGES];

/* ---- survival -------------------------------------------------------------------------------- */

static void timer_set(void)
{
    struct vcpu_set_periodic_timer op = { TICK_NS };

    (void)hypercall_vcpu_set_periodic_timer(0, &op);
}

/* Whatever a deed did to the registered handlers, to the stack and to the timer. */
void deed_prepare(void)
{
    extern char guest_stack_end[];

    trap_init();
    (void)hypercall_stack_switch(FLAT_KERNEL_SS, (uint64_t)guest_stack_end - 8192);
    timer_set();
    __asm__ volatile("movl %0, %%ds\n\tmovl %0, %%es" : : "r"(0));
}

/* ---- deeds ----------------------------------------------------------------------------------- */

static void call_do(void *arg)
{
    const struct call *c = arg;

    (void)_hypercall6(c->number, c->arg[0], c->arg[1], c->arg[2], c->arg[3], c->arg[4], c->arg[5]);
}

void deed_call(const struct call *call)
{
    (void)test_catch(call_do, (void *)(uint64_t)call);
}

static void write_do(void *arg)
{
    const uint64_t *word = arg;

    __asm__ volatile("movq %1, (%0)" : : "r"(word[0]), "r"(word[1]) : "memory");
}

void deed_write(uint64_t va, uint64_t value)
{
    uint64_t word[2] = { va, value };

    (void)test_catch(write_do, word);
}

void deed_read(uint64_t va)
{
    (void)test_read((const void *)va);
}

static void code_do(void *arg)
{
    const struct registers *r = arg;
    uint64_t rax = r->rax, rbx = r->rbx, rcx = r->rcx, rdx = r->rdx;

    __asm__ volatile("call *%4\n\tpushq $2\n\tpopfq" /* whatever flags it left */
                     : "+a"(rax), "+b"(rbx), "+c"(rcx), "+d"(rdx)
                     : "r"(code_page)
                     : "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "cc",
                       "memory");
}

void deed_code(const uint8_t *code, size_t bytes, const struct registers *r)
{
    memcpy(code_page, code, bytes);
    memset(code_page + bytes, 0x90, 32);
    code_page[bytes + 32] = 0xc3; /* ret */
    (void)test_catch(code_do, (void *)(uint64_t)r);
}

uint64_t deed_entry(uint64_t va)
{
    return entry_at[(va - (uint64_t)arena) >> 12 & (ARENA_PAGES - 1)];
}

void deed_event_word(unsigned what, uint64_t value)
{
    struct vcpu_info *info = &shared_info->vcpu_info[0];

    if (what == 0)
        info->evtchn_upcall_mask = (uint8_t)value;
    else if (what == 1)
        info->evtchn_upcall_pending = (uint8_t)value;
    else if (what == 2)
        shared_info->evtchn_mask[0] = value;
    else
        shared_info->evtchn_pending[0] = value;
}

void deed_grant(unsigned ref, uint16_t flags, domid_t to, uint32_t frame)
{
    table[ref].domid = to;
    table[ref].frame = frame;
    __atomic_store_n(&table[ref].flags, flags, __ATOMIC_SEQ_CST);
}

/* ---- the run --------------------------------------------------------------------------------- */

static void table_map(void)
{
    uint64_t frame = 0;
    struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1,
                                     .frame_list = (uint64_t)&frame };

    NEED(hypercall_gnttab_setup_table(&op));
    NEED(page_remap(table, pte_make(frame, PTE_P | PTE_W | PTE_NX)));
}

static void timer_bind(void)
{
    struct evtchn_bind_virq op = { .virq = VIRQ_TIMER };

    NEED(hypercall_evtchn_bind_virq(&op));
    event_unmask(op.port);
}

void attack_run(volatile struct board *board)
{
    struct domain self = { 2 };

    NEED(event_init());
    timer_bind();
    table_map();
    for (unsigned i = 0; i < ARENA_PAGES; i++)
        entry_at[i] = (uint64_t)pte_of(arena[i], 1);
    place_init(board, virt_to_mfn, virt_to_mfn((void *)start_info->pt_base),
               start_info->nr_pt_frames);
    input = (struct input){ .random = board->seed };
    for (uint64_t step = 0; step < board->steps; step++) {
        board->progress = step;
        attack_step(&self);
    }
    guest_shutdown(SHUTDOWN_poweroff);
}

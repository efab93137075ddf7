/* SPDX-License-Identifier: MIT */
/*
 * The victim: a domain that has done nothing wrong. Its memory, its registers, its clock and its
 * timer must be as it left them, whatever its neighbour does; it lets the neighbour read one page,
 * write another and send it events, as a front end would.
 */
#include "check.h"
#include "lamina/grant.h"
#include "victim.h"
#include "public/sched.h"

#define WORDS    (512 * 512) /* 2 MiB */
#define NAP_NS   2000000
#define VECTOR   UINT64_C(0x7a3d51c40f9b2e68)
#define GS_BASE  UINT64_C(0x00007a3d51c40000)

static uint64_t memory[WORDS] PAGE;
static uint64_t shown[512] PAGE, written[512] PAGE; /* granted to the attacker */
static grant_ref_t shown_ref, written_ref;
static evtchn_port_t port;

static uint64_t pattern(uint64_t i)
{
    return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static void broken(volatile struct victim_board *board, uint32_t line, uint64_t detail)
{
    if (board->broken)
        return;
    board->detail = detail;
    board->broken = line;
}

#define HOLDS(condition, detail)                                                                   \
    do {                                                                                           \
        if (!(condition))                                                                          \
            broken(board, __LINE__, (uint64_t)(detail));                                           \
    } while (0)

static void memory_fill(void)
{
    for (uint64_t i = 0; i < WORDS; i++)
        memory[i] = pattern(i);
    for (uint64_t i = 0; i < 512; i++)
        shown[i] = pattern(i);
}

static void memory_check(volatile struct victim_board *board)
{
    const volatile uint64_t *words = memory, *page = shown;

    for (uint64_t i = 0; i < WORDS; i++)
        HOLDS(words[i] == pattern(i), i);
    for (uint64_t i = 0; i < 512; i++)
        HOLDS(page[i] == pattern(i), i);
    for (uint64_t pfn = 0; pfn < start_info->nr_pages; pfn += 7)
        HOLDS(mfn_to_pfn(pfn_to_mfn(pfn)) == pfn, pfn);
}

/* This program uses no vector register, no debug register and no base of a segment. */
static void registers_set(void)
{
    NEED(hypercall_set_segment_base(SEGBASE_GS_USER, GS_BASE));
    NEED(hypercall_set_debugreg(0, (uint64_t)memory));
    __asm__ volatile("movq %0, %%xmm3\n\tmovq %0, %%xmm15" : : "r"(VECTOR));
}

static void registers_check(volatile struct victim_board *board)
{
    uint64_t low, high;

    __asm__ volatile("movq %%xmm3, %0\n\tmovq %%xmm15, %1" : "=r"(low), "=r"(high));
    HOLDS(low == VECTOR && high == VECTOR, low);
    HOLDS(hypercall_get_debugreg(0) == (long)memory, hypercall_get_debugreg(0));
}

static void clock_check(volatile struct victim_board *board)
{
    static uint64_t last;
    uint64_t now = test_now(), end = now + NAP_NS;
    evtchn_port_t never = 1000;
    struct sched_poll poll = { .ports = (uint64_t)&never, .nr_ports = 1, .timeout = end };

    HOLDS(now >= last, last - now);
    for (last = now; last < end; last = test_now()) {
        HOLDS(last >= now, now - last); /* an event of the neighbour's may wake us early */
        now = last;
        (void)hypercall_sched_poll(&poll);
    }
}

static void grant_all(volatile struct victim_board *board)
{
    domid_t to = (domid_t)board->attacker;

    if (shown_ref && !grant_take_back(shown_ref))
        return; /* the last attacker is not gone yet */
    shown_ref = GRANT_NONE;
    if (written_ref && !grant_take_back(written_ref))
        return;
    if (port)
        (void)event_close(port);
    shown_ref = grant_give(to, shown, true);
    written_ref = grant_give(to, written, false);
    port = (evtchn_port_t)event_offer(to);
    HOLDS(shown_ref && written_ref, to);
    board->granted = board->attacker;
}

void test_main(void)
{
    volatile struct victim_board *board = pfn_to_virt(mfn_to_pfn(start_info->store_mfn));

    if (test_is_dom0())
        test_skip("this guest is for domains other than dom0");
    NEED(event_init());
    NEED(grant_init());
    memory_fill();
    registers_set();
    for (;;) {
        memory_check(board);
        registers_check(board);
        clock_check(board);
        if (board->granted != board->attacker)
            grant_all(board);
        board->progress++;
    }
}

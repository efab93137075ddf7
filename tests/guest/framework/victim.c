/* SPDX-License-Identifier: MIT */
/* The victim as dom0 sees it. Its image is part of dom0's own: there is one module only. */
#include "victim.h"

#define LOOK_NS  5000000
#define BOUND_NS 20000000000ULL /* for it to come round */

extern const char victim_image[], victim_image_end[];

static struct test_domain victim;
static volatile struct victim_board *const board = (volatile struct victim_board *)victim.board;

void victim_make(void)
{
    domain_make(&victim, victim_image, (uint64_t)(victim_image_end - victim_image), VICTIM_FRAMES,
                "");
    victim.is_shown = true;
    domain_unpause(&victim);
}

bool victim_is_well(void)
{
    uint64_t rounds = board->progress, end = test_now() + BOUND_NS;

    while (board->progress < rounds + 2 && !board->broken && test_now() < end &&
           domain_state(&victim) == DOMAIN_RUNNING) {
        domain_pump(&victim);
        domain_wait(&victim, LOOK_NS);
    }
    if (board->broken)
        console_print("the victim's check in line %u failed: %lx\n", board->broken, board->detail);
    return board->progress >= rounds + 2 && !board->broken &&
           domain_state(&victim) == DOMAIN_RUNNING;
}

bool victim_serves(domid_t attacker)
{
    uint64_t end = test_now() + BOUND_NS;

    board->attacker = 0; /* numbers come again: it must see a change */
    board->granted = 0;
    board->attacker = attacker;
    while (board->granted != attacker && test_now() < end)
        domain_wait(&victim, LOOK_NS);
    return board->granted == attacker;
}

uint64_t victim_rounds(void)
{
    return board->progress;
}

uint64_t victim_frame(uint64_t pfn)
{
    return victim.p2m[pfn];
}

void victim_wait(uint64_t ns)
{
    domain_wait(&victim, ns);
}

bool victim_destroy(void)
{
    return domain_destroy(&victim);
}

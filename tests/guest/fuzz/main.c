/* SPDX-License-Identifier: MIT */
/*
 * Fuzzing guest: attackers beside a victim. Each attacker is a domain that makes random hypercalls,
 * page-table writes, faults and privileged instructions chosen by its seed, until it is done, ends
 * itself or hangs; then the next seed's takes its place. The victim must notice nothing, every
 * attacker must be destroyed without remains, and at the end the hypervisor's counts must hold.
 *
 * Command line: seed=N of the first attacker, seconds=N or seeds=N until the last one, and
 * steps=N of each.
 */
#include "board.h"
#include "domain.h"
#include "lamina/text.h"
#include "public/sched.h"
#include "public/sysctl.h"
#include "victim.h"

#define FRAMES  2048
#define ROOM    (VICTIM_ROOM + 3584)
#define LOOK_NS 20000000
#define QUIET   12 /* looks without progress: it sleeps or loops */

static struct test_domain attacker;
static volatile struct board *const attacker_board = (volatile struct board *)attacker.board;
static struct {
    uint64_t steps, ended, crashed, hung;
} count;

/* The number behind `name` on the command line. */
static uint64_t option(const char *name, uint64_t otherwise)
{
    const char *line = (const char *)start_info->cmd_line;
    uint64_t value = 0;
    unsigned i;

    for (; *line; line++) {
        for (i = 0; name[i] && line[i] == name[i]; i++)
            ;
        if (name[i])
            continue;
        for (line += i; *line >= '0' && *line <= '9'; line++)
            value = value * 10 + (uint64_t)(*line - '0');
        return value;
    }
    return otherwise;
}

static void audit(void)
{
    static char keys[] = "m";
    struct xen_sysctl_debug_keys op = { .keys = (uint64_t)keys, .nr_keys = 1 };

    NEED(hypercall_sysctl_debug_keys(&op));
}

/* ---- an attacker ----------------------------------------------------------------------------- */

static void attacker_make(const void *image, uint64_t bytes, uint64_t seed)
{
    domain_make(&attacker, image, bytes, FRAMES, "");
    attacker_board->seed = seed;
    attacker_board->steps = option("steps=", 1500);
    for (unsigned i = 0; i < BOARD_FRAMES; i++)
        attacker_board->victim_frames[i] = victim_frame(i * (VICTIM_FRAMES / BOARD_FRAMES));
    CHECK(victim_serves(attacker.id), 1);
}

static void attacker_watch(void)
{
    unsigned quiet = 0;
    uint64_t seen = 0;

    while (domain_state(&attacker) == DOMAIN_RUNNING && quiet < QUIET) {
        domain_pump(&attacker);
        victim_wait(LOOK_NS);
        quiet = attacker_board->progress == seen ? quiet + 1 : 0;
        seen = attacker_board->progress;
    }
    count.steps += attacker_board->progress;
    if (domain_state(&attacker) == DOMAIN_RUNNING) {
        count.hung++;
        console_print("hung in step %lu\n", seen);
    }
    if (domain_state(&attacker) == SHUTDOWN_poweroff)
        count.ended++;
    else if (domain_state(&attacker) != DOMAIN_RUNNING)
        count.crashed++;
}

static bool attack(const void *image, uint64_t bytes, uint64_t seed)
{
    unsigned long held = test_checks;

    console_print("LAMINA-FUZZ seed %lu\n", seed);
    attacker_make(image, bytes, seed);
    domain_unpause(&attacker);
    attacker_watch();
    CHECK(victim_is_well(), 1);
    CHECK(domain_destroy(&attacker), 1);
    CHECK(victim_is_well(), 1);
    return test_checks == held + 4;
}

static void attacks(const void *image, uint64_t bytes)
{
    uint64_t seed = option("seed=", 1), last = seed + option("seeds=", 1UL << 40);
    uint64_t end = test_now() + option("seconds=", 60) * 1000000000, left = 0;
    bool good = true;

    while (good && seed < last && test_now() < end) {
        good = attack(image, bytes, seed++);
        if (!left)
            left = domain_free_frames(); /* the hypervisor's heap has grown now */
    }
    if (!good)
        console_print("LAMINA-FUZZ failed with seed %lu\n", seed - 1);
    console_print("LAMINA-FUZZ %lu steps; attackers: %lu done, %lu crashed, %lu hung; "
                  "%lu rounds of the victim; free frames %lu, then %lu\n",
                  count.steps, count.ended, count.crashed, count.hung, victim_rounds(), left,
                  domain_free_frames());
}

void test_main(void)
{
    uint64_t bytes;
    const void *image;

    if (!test_is_dom0())
        attack_run(pfn_to_virt(mfn_to_pfn(start_info->store_mfn)));
    image = domain_image(&bytes);
    NEED(event_init());
    domain_room(ROOM);
    victim_make();
    attacks(image, bytes);
    CHECK(victim_destroy(), 1);
    audit();
}

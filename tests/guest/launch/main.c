/* SPDX-License-Identifier: MIT */
/*
 * Launch: starts the micro-guest that is its second module as a domU beside a victim, shows its
 * console, and ends with it. What the guest says of itself is the outcome, once the victim has
 * noticed nothing and all is destroyed; when it is gone without a word, ours is.
 */
#include "public/sched.h"
#include "victim.h"

#define FRAMES 8192
#define ROOM   (VICTIM_ROOM + 9216) /* with what the hypervisor needs for a domain */

static struct test_domain guest;

void test_main(void)
{
    uint64_t bytes;
    const void *image = domain_image(&bytes);

    NEED(event_init());
    domain_room(ROOM);
    victim_make();
    guest.is_shown = true;
    domain_make(&guest, image, bytes, FRAMES, (const char *)start_info->cmd_line);
    domain_unpause(&guest);
    while (domain_state(&guest) == DOMAIN_RUNNING) {
        domain_pump(&guest);
        domain_wait(&guest, 50000000);
    }
    domain_pump(&guest);
    CHECK(domain_state(&guest), SHUTDOWN_poweroff);
    CHECK(victim_is_well(), 1);
    CHECK(domain_destroy(&guest), 1);
    CHECK(victim_is_well(), 1);
    CHECK(victim_destroy(), 1);
}

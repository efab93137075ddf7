/* SPDX-License-Identifier: MIT */
/*
 * Three domains, of which a is dom0 and has device interrupts; b's first vCPU runs. Included once.
 */
#ifndef LAMINA_TESTS_CORE_THREE_H
#define LAMINA_TESTS_CORE_THREE_H

#include "core/fixture.h"

static struct domain *a, *b, *c;
static struct pirq pirqs[PIRQS_MAX];

static void three_start(void)
{
    fixture_start();
    memset(pirqs, 0, sizeof(pirqs));
    a = domain_make(0, 2);
    b = domain_make(1, 3);
    c = domain_make(2, 1);
    a->pirqs.pirq = pirqs;
    run(b->vcpu[0]);
}

#endif

/* SPDX-License-Identifier: MIT */
/*
 * A real guest in place of the simulated machine: what tests/fuzz/hypercall knows of the latter, so
 * that the same sources choose calls and values on both.
 */
#ifndef TESTS_GUEST_FUZZ_SIM_H
#define TESTS_GUEST_FUZZ_SIM_H

#include "lib/types.h"
#include "public/xen.h"

#define SIM_PER_CPU   /* one attacker at a time */
#define SIM_DOMAINS 3 /* dom0, victim, attacker */
#define SIM_VCPUS   2
#define SIM_FRAMES  65536 /* of a machine of 256 MiB */
#define ARGS_BYTES  16384
#define ARGS_VA     ((gva_t)attacker.args)

struct domain {
    domid_t id;
};
struct vcpu;
struct sim_cpu {
    uint8_t args[ARGS_BYTES];
};
extern struct sim_cpu attacker;

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Every reachable state of a part of the hypervisor, by the whole real code on the simulated
 * machine (tests/sim/): a model names its operations and says what distinguishes one state from
 * another. The search tries each operation in each state, breadth first, and pairs of operations on
 * both CPUs at once, switched at every point where a CPU can give way. After each the whole machine
 * is audited. A breach is printed as the shortest sequence of operations that leads to it, as C.
 */
#ifndef LAMINA_TESTS_SEARCH_H
#define LAMINA_TESTS_SEARCH_H

#include "sim.h"

#define OBSERVED_MAX 256

struct model {
    const char *name;
    void (*start)(void); /* on CPU 0: prepares the world */
    unsigned nr_ops;
    unsigned (*cpu)(unsigned op); /* that executes it */
    void (*run)(unsigned op, struct vcpu *v);
    void (*print)(unsigned op, char *out, size_t max); /* as C */
    /*
     * What guests can write at any time belongs to no state. scene() puts there what they may have
     * written before `op`, the n-th such; false: cannot be in this state.
     */
    unsigned (*nr_scenes)(unsigned op);
    bool (*scene)(unsigned op, unsigned n);
    void (*look)(
        void); /* where a CPU could give way: what guests may look at there; NULL: nothing */
    size_t (*observe)(uint8_t out[OBSERVED_MAX]);
    bool (*promise)(void);      /* after each step, beyond the audit; NULL: nothing */
    void (*const *tests)(void); /* paths that were breaches once, up to a NULL; NULL: none */
};

/* What a test is made of; a breach is printed as one, to be pasted into its model. */
void search_step(unsigned op, unsigned scene);
/* `op` gives way at its point `first`, then `other` runs on its CPU, giving way at `second`. */
void search_pair(unsigned op, unsigned other, unsigned scene, uint64_t first, uint64_t second);

/*
 * Arguments: states at most; every n-th step is tried with a second one on the other CPU (0: none).
 * Exit status: 0 all visited or as far as wanted, 1 a breach.
 */
int search_main(const struct model *model, int argc, char **argv);

#endif

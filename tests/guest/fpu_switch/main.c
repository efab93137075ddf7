/* SPDX-License-Identifier: MIT */
/*
 * Vector registers across switches: each vCPU holds values of its own in x87 and SSE while all of
 * them sleep, yield and interrupt one another, on fewer processors than vCPUs when it is a domU.
 */
#include "check.h"
#include "lamina/vcpu.h"

#define ROUNDS 400
#define STACK  16384

static char stacks[VCPUS_MAX][STACK] __attribute__((aligned(4096)));
static volatile unsigned done, wrong[VCPUS_MAX];

static void load(uint64_t value)
{
    uint64_t pair[2] = { value, ~value };
    uint32_t control = 0x1f80 | (uint32_t)(value & 3) << 13; /* rounding */

    __asm__ volatile("movdqu (%0), %%xmm0\n\tmovdqu (%0), %%xmm7\n\tmovdqu (%0), %%xmm8\n\t"
                     "movdqu (%0), %%xmm15\n\tldmxcsr (%1)\n\tfninit\n\tfildll (%0)"
                     :
                     : "r"(pair), "r"(&control)
                     : "memory");
}

static bool is_kept(uint64_t value)
{
    uint64_t pair[2], whole;
    uint32_t control;
    bool kept = true;

#define SAME(reg)                                                                                  \
    __asm__ volatile("movdqu %%" reg ", (%0)" : : "r"(pair) : "memory");                           \
    kept &= pair[0] == value && pair[1] == ~value
    SAME("xmm0");
    SAME("xmm7");
    SAME("xmm8");
    SAME("xmm15");
    __asm__ volatile("stmxcsr (%0)\n\tfistpll (%1)\n\tfildll (%1)"
                     :
                     : "r"(&control), "r"(&whole)
                     : "memory");
    return kept && (control >> 13 & 3) == (value & 3) && whole == value;
}

static void run(void *arg)
{
    unsigned id = (unsigned)(uint64_t)arg;
    uint64_t value = 0x0123456789abc000UL + id;
    evtchn_port_t never = 1000;

    load(value);
    for (unsigned i = 0; i < ROUNDS; i++) {
        struct sched_poll nap = { .ports = (uint64_t)&never,
                                  .nr_ports = 1,
                                  .timeout = test_now() + 50000 };

        if (i % 2)
            (void)hypercall_sched_yield();
        else
            (void)hypercall_sched_poll(&nap);
        wrong[id] += !is_kept(value);
    }
    __atomic_fetch_add(&done, 1, __ATOMIC_SEQ_CST);
    while (id)
        (void)hypercall_vcpu_down(id);
}

void test_main(void)
{
    unsigned nr = vcpu_count();

    NEED(event_init());
    nr = nr > VCPUS_MAX ? VCPUS_MAX : nr;
    for (unsigned id = 1; id < nr; id++)
        NEED(vcpu_start(id, run, (void *)(uint64_t)id, stacks[id] + STACK));
    run(NULL);
    while (done < nr)
        (void)hypercall_sched_yield();
    for (unsigned id = 0; id < nr; id++)
        CHECK(wrong[id], 0);
}

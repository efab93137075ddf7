/* SPDX-License-Identifier: MIT */
/* The paravirtual clock: vcpu_time_info, wall clock, per-vCPU timers. */
#ifndef LAMINA_CORE_TIME_H
#define LAMINA_CORE_TIME_H

#include "core/vcpu.h"

void time_init(void);
/* Publish the clock in v's vcpu_info (the ABI's version protocol): switch-in and registration. */
void time_update_vcpu(struct vcpu *v);
/* Publish the wall clock in d's shared info. */
void time_update_wallclock(struct domain *d);
/* d's wall clock differs from the machine's by so much. */
void time_set_offset(struct domain *d, int64_t s);
/* platform_op settime64: seconds and ns since 1970 at system time `system_ns`. */
void time_set_wallclock(uint64_t s, uint32_t ns, uint64_t system_ns);
int time_set_singleshot(struct vcpu *v, uint64_t abs_ns, bool only_future) must_check; /* -ETIME */
void time_stop_singleshot(struct vcpu *v);
int time_set_periodic(struct vcpu *v, uint64_t period_ns) must_check; /* -EINVAL under 1 ms */
void time_stop_periodic(struct vcpu *v);
void time_vcpu_init(struct vcpu *v);
void time_vcpu_stop(struct vcpu *v);

#endif

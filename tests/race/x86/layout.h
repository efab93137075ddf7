/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hypervisor/x86/layout.h where the CPUs are threads; what tests/sim/x86/layout.h is
 * where they take turns.
 */
#ifndef LAMINA_X86_LAYOUT_H
#define LAMINA_X86_LAYOUT_H

#define SIM_CPUS    3
#define SIM_PER_CPU _Thread_local

#define SIM_RAM_BYTES (1024 * 4096) /* 4 MiB: frames 0 to 1023 */

extern unsigned char sim_ram[SIM_RAM_BYTES];

#define DIRECT_VIRT  ((uint64_t)sim_ram)
#define BLOCK_SIZE   0x20000 /* MACHINE_BLOCK_SIZE of x86/machine.h */
#define BLOCK_PERCPU 0x1000

#endif

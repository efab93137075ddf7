/* SPDX-License-Identifier: MIT */
/*
 * Stands in for hypervisor/x86/layout.h in the simulated machine: the direct map is an array of
 * the process. The other headers are those of ring 0: a CPU's block is found from its stack.
 */
#ifndef LAMINA_X86_LAYOUT_H
#define LAMINA_X86_LAYOUT_H

#define SIM_CPUS    2
#define SIM_PER_CPU /* they take turns: what belongs to the running one is there once */

#ifndef SIM_RAM_BYTES
#define SIM_RAM_BYTES (1024 * 4096) /* 4 MiB: frames 0 to 1023 */
#endif

extern unsigned char sim_ram[SIM_RAM_BYTES];

#define DIRECT_VIRT  ((uint64_t)sim_ram)
#define BLOCK_SIZE   0x20000 /* MACHINE_BLOCK_SIZE of x86/machine.h */
#define BLOCK_PERCPU 0x1000

#endif

/* SPDX-License-Identifier: MIT */
/*
 * Before each source that is watched: READ_ONCE and WRITE_ONCE as ThreadSanitizer is to take them.
 * On x86 an aligned load is an acquiring one and a store a releasing one, and neither is torn; so
 * that is what they are here. A plain access to the same word by another CPU is still a race.
 */
#ifndef LAMINA_RACE_ONCE_H
#define LAMINA_RACE_ONCE_H

#define READ_ONCE(x)     __atomic_load_n(&(x), __ATOMIC_ACQUIRE)
#define WRITE_ONCE(x, v) __atomic_store_n(&(x), (v), __ATOMIC_RELEASE)

#endif

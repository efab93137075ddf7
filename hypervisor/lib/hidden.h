/* SPDX-License-Identifier: MIT */
/*
 * Comes before every C file of the hypervisor: all symbols, declared ones too, are part of one
 * image, so no address needs a detour through a global offset table.
 */
#ifndef LAMINA_LIB_HIDDEN_H
#define LAMINA_LIB_HIDDEN_H

#pragma GCC visibility push(hidden)

#endif

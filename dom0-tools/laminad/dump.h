/* SPDX-License-Identifier: MIT */
/*
 * Dump: the memory and registers of a domain that has shut down, as a core file.
 */
#ifndef LAMINA_LAMINAD_DUMP_H
#define LAMINA_LAMINAD_DUMP_H

#include "common/failure.h"

/*
 * Writes FOLDER/NAME-TIME.core, which appears under its name when it is whole; *path is to be
 * freed. A domain that ended before its kernel made a list of its memory is written with its
 * registers only.
 */
int dump_domain(unsigned domid, const char *name, const char *folder, char **path,
                struct failure *failure) __attribute__((warn_unused_result));

#endif

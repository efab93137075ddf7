/* SPDX-License-Identifier: MIT */
/*
 * Spec: disks and interfaces as the command line names them, turned into the elements of domain
 * XML, so that one reader (config/) decides what is good.
 *
 *   disk:       PATH[,TARGET][,ro][,cdrom][,shareable][,direct][,discard][,offset=BYTES,size=BYTES]
 *   interface:  default, or any of bridge=NAME, mac=ADDRESS, name=NAME, mtu=BYTES, rate=KIB,
 *               separated by commas
 *
 * A path cannot hold a comma.
 */
#ifndef LAMINA_SPEC_H
#define LAMINA_SPEC_H

#include <stdbool.h>
#include <stdio.h>

#include "config/domain_config.h"
#include "lamina/command.h"

/* Writes text so that it stands for itself in an attribute or element. */
void spec_escape(FILE *xml, const char *text);

/*
 * Writes the element: NULL, or the part of spec that is not understood, after which the text that
 * was written is of no use.
 */
const char *spec_write_disk(FILE *xml, const char *spec, const char *default_target);
const char *spec_write_interface(FILE *xml, const char *spec);

/* Whether the spec names a target of its own. */
bool spec_has_target(const char *spec);

/*
 * Reads a whole domain of these elements: LAMINA_OK, or the exit code after every fault was told
 * as one of the command line. config is for domain_config_free() in every case.
 */
int spec_parse(const struct command *command, const char *xml, size_t size,
               struct domain_config *config);

#endif

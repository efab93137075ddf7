/* SPDX-License-Identifier: MIT */
/*
 * One disk or interface from the command line, read as part of a domain's XML (lamina/spec.h), and
 * the options that the commands for detaching share.
 */
#ifndef LAMINA_DEVICE_SPEC_H
#define LAMINA_DEVICE_SPEC_H

#include "config/domain_config.h"
#include "lamina/subject.h"

/*
 * A configuration that holds the disk (unless NULL; default_target if it names none) and the
 * interface (unless NULL). LAMINA_OK, or the exit code after a complaint. *config is for
 * device_spec_free() in every case.
 */
int device_spec_read(const struct command *command, const char *disk, const char *default_target,
                     const char *interface, struct domain_config **config);
void device_spec_free(struct domain_config *config);

/* disk-detach and net-detach: options, domain and device, then detach(). */
extern const struct command_option device_detach_options[];
int detach_by_name(const struct command *command, int argc, char **argv,
                  int (*detach)(struct store_client *store, unsigned domid, const char *name,
                                bool force, int timeout_ms, struct failure *failure));

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Where what belongs to gantry is installed, as seen from the running program: a build tree
 * is laid out like an installation, and an installation may be moved as a whole. Nobody but
 * who may replace the program itself decides what it starts.
 */

#include "common/error.h"

enum install_place {
	INSTALL_IMPORT_NET, /* the programs that read what comes from outside */
	INSTALL_IMPORT_TRUST,
	INSTALL_IMPORT_IMAGE,
	INSTALL_STAGE1_IMAGES /* the directory of the stage1 images */
};

/* Sets *PATH to the absolute path of PLACE, whether or not there is anything; the caller's. */
must_check int install_path(enum install_place place, char **path, struct error *err);

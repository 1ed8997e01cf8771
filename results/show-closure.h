/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

#include <stdio.h>

#include "results/store.h"

/* Prints the residual of every identity of every trial, in every phase; open ones first. */
void show_closure(FILE *f, const struct run *run);

/* The trial's open identities, a line each; nothing where all close. */
void show_open(FILE *f, const struct stored_trial *t);

/* db: the one small interface to a database file. To be written by the owner of sql/. */
#pragma once

#include "program.h"

int main(int argc, char **argv)
{
    return program_run(time_source_system(), argc, argv);
}

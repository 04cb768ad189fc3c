#!/bin/sh
# How the job $1 is, in one word: running, success or failed. A controller that does not answer is asked again.
said=$(squeue --noheader --states=all --format=%T --jobs="$1" 2>&1)
case $? in
0) state=$said ;;
*) case $said in
    *"Invalid job id"*) state= ;;
    *) state=UNKNOWN ;;
    esac ;;
esac
# Slurm forgets a job some minutes after its end; its accounts, if it keeps any, do not.
[ -n "$state" ] || state=$(sacct --noheader --allocations --format=State --jobs="$1" 2>/dev/null)
case $state in
COMPLETED*) echo success ;;
PENDING* | CONFIGURING* | RUNNING* | COMPLETING* | SUSPENDED* | REQUEUED* | RESIZING* | STAGE_OUT* | UNKNOWN)
    echo running ;;
*) echo failed ;;
esac

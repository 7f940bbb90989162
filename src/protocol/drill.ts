/**
 * What the processes that hold the namespaces of a drill are called (/proc/<pid>/comm). A drill has an agent of its
 * own, so that of the machine does not follow them: else the fault would be its host's as well.
 */
export const DRILL_PROCESS = "spillway-drill";

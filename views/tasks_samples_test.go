package views

const pathTasks = "/configuration/tasks"

func tasksPages() []sample {
	never, running, failed := tasks(), tasks(), tasks()
	never.Expiry = TaskCard{Next: never.Expiry.Next, NextRelative: "In 9 minutes", RunPath: pathTasks + "/expiry/run"}
	running.Expiry.Running, running.Expiry.Took = true, ""
	failed.Expiry.Failed, failed.Expiry.Took = "The task did not come to its end. What is left is done at the next run; the log says why this one ended.", ""
	return []sample{{"tasks", TasksPage(tasks())}, {"tasks-never", TasksPage(never)}, {"tasks-running", TasksPage(running)}, {"tasks-failed", TasksPage(failed)}}
}

// hostileTasks is the page with text that somebody may have typed.
func hostileTasks(s Shell) []sample {
	evil, moment := "javascript:alert(1)", Moment{hostile, hostile}
	return []sample{{"tasks show", TasksPage(Tasks{s, TaskCard{true, moment, hostile, hostile, hostile, hostile, moment, hostile, evil}, evil, hostile, []ReplicaRow{{hostile, hostile, hostile, ToneOK, moment, moment}}})}}
}

func tasks() Tasks {
	return Tasks{Shell: shell("Tasks", AreaConfiguration, pathTasks), Audit: pathAudit + "?group=ApiKeyExpiry", Zone: "Europe/Stockholm", Replicas: replicaList(), Expiry: TaskCard{
		Last: Moment{"2026-11-23T10:42:00Z", "23 Nov 2026, 11:42"}, LastRelative: "2 hours ago", Took: "Less than a second", Found: "2 keys end within 10 days",
		Next: Moment{"2026-11-23T14:42:00Z", "23 Nov 2026, 15:42"}, NextRelative: "In 2 hours", RunPath: pathTasks + "/expiry/run",
	}}
}

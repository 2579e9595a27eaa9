"""The spine: post, reply, me too, follow, accepted answer, attachment, access."""

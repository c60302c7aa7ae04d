"""The endpoints of the API: one collection a resource type, with the verbs that it allows."""

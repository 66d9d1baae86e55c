"""Each kernel of a model beside what the machine can do."""

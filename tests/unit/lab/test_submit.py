from lab.submit import Reply
def test_x(): assert Reply(250,"x").positive

"""A run trained, drawn from, judged and exported from Python."""

import ganterm

run = ganterm.train("dcgan-8x8", name="from-python", steps=100, dataset="digits")
images = run.sample(16, seed=7)  # uint8 (16, 1, 8, 8)
ganterm.show(images)
print(f"Fréchet distance {run.judge(n=200)['fid']:.1f}, losses {run.metrics()['g_loss'][-3:]}")
run.export("digits.gif")

# @title Set up: where something is missing, on Colab for instance, this installs it
import importlib.util, os, subprocess, sys
archive = os.environ.get("COURSE_ARCHIVE", "")  # where pip finds the course: a file or an address
needed = "torch torchvision numpy matplotlib ipywidgets anywidget safetensors filelock tqdm course_utils"
missing = [name for name in needed.split() if not importlib.util.find_spec(name)]
if "course_utils" in missing and not archive:
    raise RuntimeError("The course is not installed here: open the lesson with `make lab`, or name the course's archive (a file or an address) in COURSE_ARCHIVE and run this cell again.")
for name in missing:
    wanted = ["--no-deps", archive] if name == "course_utils" else [name]
    print("Installing", wanted[-1], "...", flush=True)
    if (made := subprocess.run([sys.executable, "-m", "pip", "install", "-qq", *wanted], capture_output=True, text=True)).returncode:
        raise RuntimeError(f"pip could not install {wanted[-1]}. Mend this (is there a network?) and run this cell again: {made.stderr.strip()[-800:]}")

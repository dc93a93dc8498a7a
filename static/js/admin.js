// The admin works without these; they save a reviewer the mouse.
import "./admin/review_queue.js";

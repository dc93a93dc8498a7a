// The portal works without scripts; these only save the reader a button press.
import "./portal/creative_preview.js";
import "./portal/keyword_ideas.js";
import "./portal/reach_estimate.js";
import "./portal/select_all.js";

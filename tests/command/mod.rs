mod demo;
mod refusals;
mod run;
